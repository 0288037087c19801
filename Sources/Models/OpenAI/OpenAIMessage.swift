import Documents
import Jobs
import OrderedCollections

/// One message of a request to `chat/completions`.
enum OpenAIMessage {
    /// - Parameter author: The model that the request is for; turns that it wrote are sent back unchanged.
    static func json(_ message: ChatMessage, author: String?) -> JSON {
        if let original = message.original, original.author == author { return whole(original, message) }
        let isCallOnly = message.content.isEmpty && !message.toolCalls.isEmpty
        return JSON(members: [
            ("role", .string(message.role.rawValue)),
            ("content", isCallOnly ? .null : .string(message.content)),
            ("tool_calls", message.toolCalls.isEmpty ? JSON?.none : .array(message.toolCalls.map(\.openAI))),
            ("tool_call_id", message.toolCallID.map(JSON.string)),
        ])
    }

    /// The original turn, without what servers refuse in a request: null members, empty lists, and arguments that are
    /// not an object.
    private static func whole(_ original: RawAssistantMessage, _ message: ChatMessage) -> JSON {
        var members = original.message.object ?? [:]
        members.removeAll { $0.value.isNull && $0.key != "content" }
        members["role"] = "assistant"
        let isCallOnly = members["content"] == "" && !message.toolCalls.isEmpty
        if isCallOnly || members["content"] == nil { members["content"] = .null }
        let written = members["tool_calls"]?.array ?? []
        members["tool_calls"] = message.toolCalls.isEmpty ? nil : .array(calls(written, message.toolCalls))
        // Some servers refuse empty lists, and they hold no information.
        members.removeAll { $0.value == [] && $0.key != "content" }
        return .object(members)
    }

    /// The original calls with all their members, and with the ids and names that their results refer to.
    private static func calls(_ written: [JSON], _ calls: [ModelToolCall]) -> [JSON] {
        calls.enumerated().map { index, call in
            guard written.indices.contains(index), var members = written[index].object else { return call.openAI }
            guard case .object(let plain) = call.openAI else { return call.openAI }
            var function = members["function"]?.object ?? [:]
            function.merge(plain["function"]?.object ?? [:]) { _, second in second }
            function.removeAll { $0.value.isNull }
            members.removeAll { $0.value.isNull || ["name", "arguments", "input", "parameters"].contains($0.key) }
            members["id"] = plain["id"]
            members["type"] = members["type"] ?? "function"
            members["function"] = .object(function)
            return .object(members)
        }
    }
}

extension ModelToolCall {
    /// The call as a request's assistant message holds it, with a name and arguments that every server accepts.
    var openAI: JSON {
        [
            "id": .string(id), "type": "function",
            "function": [
                "name": .string(ToolNames.legal(name)), "arguments": .string(ToolArguments.sendable(arguments)),
            ],
        ]
    }

    /// The call as an answer holds it, as the model wrote it.
    var openAIAnswer: JSON {
        ["id": .string(id), "type": "function", "function": ["name": .string(name), "arguments": .string(arguments)]]
    }
}
