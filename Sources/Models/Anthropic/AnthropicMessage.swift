import Documents
import Jobs
import OrderedCollections

/// The blocks of one message of a request to `v1/messages`.
enum AnthropicMessage {
    /// - Parameter author: The model that the request is for; turns that it wrote are sent back unchanged.
    static func blocks(_ message: ChatMessage, author: String?) -> [JSON] {
        if message.role == .tool { return [result(of: message.toolCallID ?? "", message.content)] }
        if let original = message.original, original.author == author { return whole(original, message) }
        // The API refuses empty blocks.
        let text: [JSON] = isBlank(message.content) ? [] : [["type": "text", "text": .string(message.content)]]
        return text
            + message.toolCalls.map { call in
                [
                    "type": "tool_use", "id": .string(id(call.id)), "name": .string(name(call.name)),
                    "input": input(call.arguments),
                ]
            }
    }

    static func result(of call: String, _ content: String, isError: Bool = false) -> JSON {
        JSON(members: [
            ("type", "tool_result"), ("tool_use_id", .string(id(call))), ("content", .string(content)),
            ("is_error", isError ? true : JSON?.none),
        ])
    }

    /// The original blocks in order, signatures included, without those that the API refuses: blank texts, and thinking
    /// blocks that are empty and unsigned.
    private static func whole(_ original: RawAssistantMessage, _ message: ChatMessage) -> [JSON] {
        let written = original.message["content"]?.array ?? []
        // The call of the output tool is not among the message's tool calls; then there are fewer calls than blocks.
        let isPaired = written.count { $0["type"] == "tool_use" } == message.toolCalls.count
        var calls = message.toolCalls[...]
        return written.compactMap { block in
            switch block["type"]?.string {
            case "text":
                guard let text = block["text"]?.string, !isBlank(text) else { return nil }
                return block["citations"]?.isNull == true ? without("citations", block) : block
            case "thinking":
                let isEmpty = (block["thinking"]?.string ?? "").isEmpty && (block["signature"]?.string ?? "").isEmpty
                return isEmpty ? nil : block
            case "tool_use":
                let given = block["id"]?.string ?? ""
                let call = isPaired ? calls.popFirst() : calls.first { $0.id == given }
                var members = block.object ?? [:]
                members["id"] = .string(id(call?.id ?? given))
                members["name"] = .string(name(call?.name ?? block["name"]?.string ?? ""))
                members["input"] = input(ToolArguments.text(block["input"]))
                return .object(members)
            default: return block.object == nil ? nil : block
            }
        }
    }

    private static func without(_ member: String, _ block: JSON) -> JSON {
        var members = block.object ?? [:]
        members[member] = nil
        return .object(members)
    }

    private static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

    private static func name(_ name: String) -> String { ToolNames.legal(name) }

    /// An id from another model's server, earlier in the conversation, may contain characters that the API refuses.
    static func id(_ id: String) -> String { LegalName.of(id) }

    /// Always an object: other arguments are wrapped as a string, so that the model sees what it wrote.
    private static func input(_ arguments: String) -> JSON {
        ToolArguments.object(arguments) ?? ["arguments": .string(arguments)]
    }
}
