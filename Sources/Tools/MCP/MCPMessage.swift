import Jobs
import OrderedCollections

/// A message that a server wrote (JSON-RPC 2.0).
enum MCPMessage: Sendable, Equatable {
    case response(id: Int, Result<JSON, MCPError>)
    /// The server asks something.
    case request(id: JSON, method: String)
    case notification(method: String)
    /// None of these, as of a program that prints something else as well.
    case unusable

    init(_ line: [UInt8]) {
        guard let message = try? JSONParser.parse(line), message["jsonrpc"] == "2.0" else {
            self = .unusable
            return
        }
        switch (message["id"], message["method"]?.string) {
        case (let id?, let method?) where !id.isNull: self = .request(id: id, method: method)
        case (nil, let method?): self = .notification(method: method)
        case (let id?, nil):
            guard let id = id.int else { fallthrough }
            if let error = message["error"] {
                self = .response(id: id, .failure(MCPError(error)))
            } else if let result = message["result"] {
                self = .response(id: id, .success(result))
            } else {
                fallthrough
            }
        default: self = .unusable
        }
    }

    // What we write, each with its line's end.

    static func request(_ id: Int, _ method: String, _ parameters: JSON) -> [UInt8] {
        line([("id", .int(Int64(id))), ("method", .string(method)), ("params", parameters)])
    }

    static func notification(_ method: String, _ parameters: JSON? = nil) -> [UInt8] {
        line([("method", .string(method)), ("params", parameters)])
    }

    /// The answer to a server's request: it has a right to one, and we can do nothing but show that we live.
    static func answer(to id: JSON, _ method: String) -> [UInt8] {
        if method == "ping" { return line([("id", id), ("result", [:])]) }
        return line([("id", id), ("error", ["code": -32601, "message": "Method not found"])])
    }

    private static func line(_ members: [(String, JSON?)]) -> [UInt8] {
        JSON(members: [("jsonrpc", "2.0")] + members).bytes + [UInt8(ascii: "\n")]
    }
}

/// A server's answer that says no (JSON-RPC 2.0, section 5.1).
struct MCPError: Error, Sendable, Equatable {
    static let internalError = -32603
    /// HeaderMismatch, MissingRequiredClientCapability and UnsupportedProtocolVersion: only modern servers know them.
    static let modernCodes = -32022 ... -32020

    var code: Int
    var message: String
    var data: JSON?

    init(_ error: JSON) {
        code = error["code"]?.int ?? 0
        message = CommandFailure.quoted(error["message"]?.string ?? "no reason", CommandFailure.quoteMax)
        data = error["data"]
    }
}
