/// A parsed JSON or YAML text that can name the line of a member.
package struct Document: Sendable {
    package enum Format: Sendable, Equatable {
        case json, yaml

        /// Reads the ending of the file's name; nil when it is neither `.json` nor `.yaml` nor `.yml`.
        package init?(fileName: String) {
            switch DropExtension.of(fileName) {
            case ".json": self = .json
            case ".yaml", ".yml": self = .yaml
            default: return nil
            }
        }
    }

    package let value: JSON
    package let name: String?
    private let format: Format
    private let bytes: [UInt8]

    /// Parses `bytes`.
    ///
    /// - Parameter name: The document's name in errors.
    /// - Throws: ``DocumentError`` with the line of the first thing that does not fit.
    package init(_ bytes: [UInt8], format: Format, name: String? = nil) throws(DocumentError) {
        let bytes = try Self.decoded(bytes, name)
        self.bytes = bytes
        self.format = format
        self.name = name
        switch format {
        case .json:
            do throws(JSONSyntaxError) {
                value = try JSONParser.parse(bytes)
            } catch {
                if let fault = TextFault(bytes) { throw DocumentError(document: name, reason: "\(fault)") }
                throw DocumentError(
                    document: name,
                    line: error.line,
                    reason: "not valid JSON at column \(error.column): \(error.reason)"
                )
            }
        case .yaml:
            do throws(DocumentError) {
                value = try YAML.value(of: bytes)
            } catch {
                if let fault = TextFault(bytes) { throw DocumentError(document: name, reason: "\(fault)") }
                throw DocumentError(document: name, line: error.line, path: error.path, reason: error.reason)
            }
        }
    }

    /// The text as UTF-8, decoded as its byte order mark says.
    private static func decoded(_ bytes: [UInt8], _ name: String?) throws(DocumentError) -> [UInt8] {
        do throws(TextFault) { return try TextEncoding.utf8(bytes) } catch {
            throw DocumentError(document: name, reason: "\(error)")
        }
    }

    /// An error about the member at `path`, with the line of the member or, where it is missing, of the value around
    /// it.
    package func error(at path: [String], _ reason: String) -> DocumentError {
        DocumentError(document: name, line: line(of: path), path: path, reason: reason)
    }

    private func line(of path: [String]) -> Int? {
        for length in stride(from: path.count, through: 0, by: -1) {
            let part = Array(path.prefix(length))
            let line =
                switch format {
                case .json: JSONParser.line(of: part, in: bytes)
                case .yaml: YAML.line(of: part, in: bytes)
                }
            if let line { return line }
        }
        return nil
    }
}
