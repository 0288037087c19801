import Documents
import Jobs
import OrderedCollections

/// A message that a server wrote (JSON-RPC 2.0).
///
/// Every message with a clear meaning is accepted: servers leave out `jsonrpc`, write an id as text or as `7.0`, and
/// put `"error": null` beside a result.
enum MCPMessage: Sendable, Equatable {
    /// An answer; `id` is nil when it is not a number, as the ids of all our requests are.
    case response(id: Int?, Result<JSON, MCPError>)
    /// An answer that cannot be used, and what is wrong with it.
    case broken(id: Int?, reason: String)
    /// The server asks something.
    case request(id: JSON, method: String)
    case notification(method: String, parameters: JSON)
    /// None of these, such as other output of the program.
    case unusable

    private static let members: Set = ["jsonrpc", "id", "method", "params", "result", "error"]

    /// The messages of a line: more than one in a batch (MCP 2025-03-26), none in a blank line.
    static func messages(in line: [UInt8]) -> [MCPMessage] {
        guard let first = line.first(where: { $0 > 0x20 }) else { return [] }
        do throws(JSONSyntaxError) {
            let json = try parse(line)
            // A list may also be other output.
            if let elements = json.array { return elements.isEmpty ? [.unusable] : elements.map(message) }
            return [message(json)]
        } catch {
            let sketch =
                first == UInt8(ascii: "{") ? PartialResponse(head: line, tail: line.suffix(LongLine.tailMax)) : nil
            guard let sketch, sketch.isAnswer else { return [.unusable] }
            return [.broken(id: sketch.id, reason: "it is not valid JSON at column \(error.column): \(error.reason)")]
        }
    }

    /// Like client libraries, takes the last of two members of one name, and puts U+FFFD for invalid UTF-8.
    private static func parse(_ line: [UInt8]) throws(JSONSyntaxError) -> JSON {
        do throws(JSONSyntaxError) {
            return try JSONParser.parse(line, duplicates: .last)
        } catch {
            if String(validating: line, as: UTF8.self) != nil { throw error }
            return try JSONParser.parse(String(decoding: line, as: UTF8.self).utf8, duplicates: .last)
        }
    }

    private static func message(_ json: JSON) -> MCPMessage {
        // Without the version it is a message only when it has no other members, as a line of a log has.
        guard let object = json.object, object["jsonrpc"] != nil || object.keys.allSatisfy(members.contains) else {
            return .unusable
        }
        let method = object["method"]?.string
        let error = object["error"].flatMap { $0.isNull ? nil : $0 }
        let result = object["result"]
        if let method, error == nil, result?.isNull != false {
            return request(method, id: object["id"] ?? .null, object["params"] ?? .null)
        }
        let id = object["id"]?.requestID
        if let error { return .response(id: id, .failure(MCPError(error))) }
        if let result { return .response(id: id, .success(result)) }
        guard object["id"] != nil else { return .unusable }
        return .broken(id: id, reason: "it has neither a result nor an error")
    }

    /// A method named `notifications/…` is a notification even with an id, and gets no answer.
    private static func request(_ method: String, id: JSON, _ parameters: JSON) -> MCPMessage {
        id.isNull || method.hasPrefix("notifications/")
            ? .notification(method: method, parameters: parameters) : .request(id: id, method: method)
    }

    // Messages to the server, each with its newline.

    static func request(_ id: Int, _ method: String, _ parameters: JSON) -> [UInt8] {
        line([("id", .int(Int64(id))), ("method", .string(method)), ("params", parameters)])
    }

    static func notification(_ method: String, _ parameters: JSON? = nil) -> [UInt8] {
        line([("method", .string(method)), ("params", parameters)])
    }

    /// The answer to a server's request: an empty result for a ping, else an error, because the client has no methods.
    static func answer(to id: JSON, _ method: String) -> [UInt8] {
        if method == "ping" { return line([("id", id), ("result", [:])]) }
        return line([("id", id), ("error", ["code": -32601, "message": "Method not found"])])
    }

    private static func line(_ members: [(String, JSON?)]) -> [UInt8] {
        JSON(members: [("jsonrpc", "2.0")] + members).bytes + [UInt8(ascii: "\n")]
    }
}

extension JSON {
    /// The number of one of our requests, which servers send back as `7`, `7.0` or `"7"`.
    var requestID: Int? { int ?? string.flatMap { Int($0) } }
}
