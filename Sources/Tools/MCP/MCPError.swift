package import Documents
import Jobs

/// An error answer (JSON-RPC 2.0, section 5.1).
package struct MCPError: Error, Sendable, Equatable {
    package static let parseError = -32700
    package static let invalidRequest = -32600
    package static let methodNotFound = -32601
    package static let invalidParameters = -32602
    package static let internalError = -32603
    package static let headerMismatch = -32020
    package static let missingClientCapability = -32021
    package static let unsupportedVersion = -32022
    /// HeaderMismatch, MissingRequiredClientCapability and UnsupportedProtocolVersion: only modern servers know them.
    static let modernCodes = unsupportedVersion...headerMismatch

    /// 0 when the server gives none.
    package var code: Int
    package var message: String
    package var data: JSON?

    package init(_ code: Int, _ message: String, data: JSON? = nil) {
        (self.code, self.message, self.data) = (code, message, data)
    }

    /// Reads an error, which some servers write as plain text.
    init(_ error: JSON) {
        code = error["code"]?.requestID ?? 0
        let words = error.string ?? error["message"]?.string ?? error.text
        message = CommandFailureBuilder.quoted(words, CommandFailureBuilder.quoteMax)
        data = error["data"]
    }

    /// The message with the code behind it.
    var text: String { code == 0 ? message : "\(message) (\(code))" }

    package var json: JSON {
        JSON(members: [("code", .int(Int64(code))), ("message", .string(message)), ("data", data)])
    }
}
