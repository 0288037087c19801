import Documents
import Jobs

extension ChatRequest {
    /// The messages of the ready body, or ``messages`` without one.
    ///
    /// A script does not know whose form the body is in, so this reads the members of every provider's form.
    var effectiveMessages: [ChatMessage] {
        guard let body else { return messages }
        let system = Self.text(body["system"])
        let first = system.isEmpty ? [] : [ChatMessage(.system, system)]
        return first + (body["messages"]?.array ?? []).map(Self.message)
    }

    private static func message(_ json: JSON) -> ChatMessage {
        let role: ChatMessage.Role =
            switch json["role"]?.string {
            case "system", "developer": .system
            case "assistant": .assistant
            case "tool": .tool
            default: .user
            }
        var message = ChatMessage(role, text(json["content"]), toolCallID: json["tool_call_id"]?.string)
        for call in json["tool_calls"]?.array ?? [] {
            message.toolCalls.append(
                ModelToolCall(
                    id: call["id"]?.string ?? "",
                    name: call["function"]?["name"]?.string ?? "",
                    arguments: call["function"]?["arguments"]?.string ?? ""
                )
            )
        }
        for block in json["content"]?.array ?? [] where block["type"]?.string == "tool_use" {
            message.toolCalls.append(
                ModelToolCall(
                    id: block["id"]?.string ?? "",
                    name: block["name"]?.string ?? "",
                    arguments: (block["input"] ?? [:]).text
                )
            )
        }
        return message
    }

    /// The text of a string or of parts; the parts of an Anthropic tool result are one level deeper.
    private static func text(_ content: JSON?) -> String {
        guard let content else { return "" }
        if let string = content.string { return string }
        return (content.array ?? [])
            .compactMap { part in
                part.string ?? part["text"]?.string ?? (part["content"].map { text($0) })
            }
            .joined(separator: "\n")
    }
}
