import Jobs
import OrderedCollections

/// What a tool of a server gave (MCP 2026-07-28, `CallToolResult`).
struct MCPToolResult {
    let json: JSON

    private var blocks: [JSON] { json["content"]?.array ?? [] }

    /// The tool's output, as ``Tool/call(_:)`` promises it.
    ///
    /// - Throws: ``Failure`` of the tool, or because nobody is there to answer what the server asks.
    func output(_ failure: MCPFailure) throws(Failure) -> JSON {
        switch json["resultType"] {
        case nil, "complete": break
        case "input_required": throw failure.unusable("asks for input, and nobody is there to give it")
        default: throw failure.unusable("gave a result of a type that is not known here")
        }
        if json["isError"] == true { throw failure.failed(texts.joined(separator: "\n")) }
        if let structured = json["structuredContent"], !structured.isNull { return structured }
        guard json["content"]?.array != nil else { throw failure.unusable("gave a result without content") }
        if texts.count < blocks.count { return .array(blocks.map(Self.described)) }
        let text = texts.joined(separator: "\n")
        return (try? JSONParser.parse(text)) ?? .string(text)
    }

    private var texts: [String] { blocks.compactMap { $0["type"] == "text" ? $0["text"]?.string : nil } }

    /// The block without data that only a program could read: history and models are no place for it.
    private static func described(_ block: JSON) -> JSON {
        if block["type"] == "text", let text = block["text"] { return text }
        var members = block.object ?? [:]
        if let resource = members["resource"] { members["resource"] = withoutData(resource, "blob") }
        return withoutData(.object(members), "data")
    }

    private static func withoutData(_ json: JSON, _ member: String) -> JSON {
        guard var members = json.object, let data = members[member]?.string else { return json }
        // Four characters of Base64 are three bytes; what is no Base64 may be all padding.
        let size = max(0, data.utf8.count / 4 * 3 - data.utf8.suffix(2).count { $0 == UInt8(ascii: "=") })
        members[member] = nil
        members["left_out"] = .string("\(members["mimeType"]?.string ?? "data"), \(size) bytes")
        return .object(members)
    }
}
