import Jobs
import OrderedCollections

/// The blocks of one message of a request to `v1/messages`.
enum AnthropicMessage {
    /// - Parameter author: Who is asked; the turns that it wrote are given back to it as they were.
    static func blocks(_ message: ChatMessage, author: String?) -> [JSON] {
        if message.role == .tool { return [result(of: message.toolCallID ?? "", message.content)] }
        if let original = message.original, original.author == author { return whole(original, message) }
        // Empty blocks are refused.
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

    /// The blocks as they came and in their order, signatures included; those that the API refuses are left out: texts
    /// without a word, thoughts that are empty and not signed.
    private static func whole(_ original: OriginalTurn, _ message: ChatMessage) -> [JSON] {
        let written = original.message["content"]?.array ?? []
        // The tool that takes the answer is no call of the conversation: then the calls are fewer than the blocks.
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

    /// Other servers' ids, of a conversation that another model began, may have more characters than are allowed.
    static func id(_ id: String) -> String { OpenAIRequest.legalName(id) }

    /// An object always; what the model wrote instead is shown to it as it was.
    private static func input(_ arguments: String) -> JSON {
        ToolArguments.object(arguments) ?? ["arguments": .string(arguments)]
    }
}
