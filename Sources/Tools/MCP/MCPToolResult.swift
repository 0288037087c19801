import Documents
import Jobs
import OrderedCollections

/// The result of a server's tool (MCP 2026-07-28, `CallToolResult`), in the shapes that servers send.
struct MCPToolResult {
    /// Keeps data in a file, and returns its path; nil when there is nothing to keep.
    typealias Save = (MCPData) throws(Failure) -> String?

    let json: JSON

    /// The tool's output, as ``Tool/call(_:)`` promises it.
    ///
    /// - Parameter save: Keeps data that is not text, for people and later steps.
    /// - Throws: ``Failure`` when the tool failed, the result cannot be used, or the server asks for input.
    func output(_ failure: MCPFailure, save: Save = { _ in nil }) throws(Failure) -> JSON {
        switch json["resultType"] {
        case nil, .null, "complete": break
        case "input_required":
            throw failure.unfinished("asks for input, and no person is there to give it")
        default: throw failure.unusable("its result is of a type that is not known here")
        }
        guard json.object != nil else { throw failure.unusable("its result is \(json.kindName), not an object") }
        // The earliest version calls it toolResult (2024-10-07).
        let structured = [json["structuredContent"], json["toolResult"]].lazy.compactMap(\.self).first { !$0.isNull }
        if isError {
            let words = texts.isEmpty ? structured.map { [$0.string ?? $0.text] } ?? [] : texts
            throw failure.failed(words.joined(separator: "\n"))
        }
        if let structured { return structured }
        guard let blocks else { throw failure.unusable("its result has no content") }
        if texts.count < blocks.count {
            return .array(blocks.map { Self.described($0, save) })
        }
        let text = texts.joined(separator: "\n")
        return JSON(printed: text) ?? .string(text)
    }

    private var isError: Bool {
        switch json["isError"] {
        case .bool(let value)?: value
        case .string(let text)?: ["true", "yes", "1"].contains(text.lowercased())
        case let value?: value.int.map { $0 != 0 } ?? false
        case nil: false
        }
    }

    /// The blocks of content; some servers write a single block without a list, or as plain text.
    private var blocks: [JSON]? {
        switch json["content"] {
        case .array(let elements)?: elements
        case .object(let block)?: [.object(block)]
        case .string(let text)?: [.string(text)]
        default: nil
        }
    }

    private var texts: [String] { (blocks ?? []).compactMap(Self.text) }

    private static func text(_ block: JSON) -> String? {
        if let text = block.string { return text }
        guard block["type"] == "text" || block["type"] == nil, let text = block["text"], !text.isNull else {
            return nil
        }
        return text.string ?? text.text
    }

    /// The block without its binary data, which belongs neither in the history nor in a model's context.
    private static func described(_ block: JSON, _ save: Save) -> JSON {
        if let text = text(block) { return .string(text) }
        guard var members = block.object else { return block }
        if let resource = members["resource"] { members["resource"] = withoutData(resource, "blob", save) }
        return withoutData(.object(members), "data", save)
    }

    private static func withoutData(_ json: JSON, _ member: String, _ save: Save) -> JSON {
        guard var members = json.object, let text = members[member]?.string else { return json }
        let data = MCPData(base64: text, mimeType: members["mimeType"]?.string)
        members[member] = nil
        members["left_out"] = .string("\(data.mimeType ?? "data"), \(data.count) bytes")
        do throws(Failure) {
            if let path = try save(data) { members["file"] = .string(path) }
        } catch {
            // The tool has done its work, and must not be called again for this.
            members["not_kept"] = .string(error.message)
        }
        return .object(members)
    }
}
