import Jobs

/// Finds what a model thought, in the members that servers have for it.
enum ReasoningText {
    /// The members of a message that may hold it, the fullest first.
    private static let members = ["reasoning_content", "reasoning", "thinking", "thought", "reasoning_details"]

    /// What stands beside a message's content; empty where there is nothing.
    static func beside(_ message: JSON) -> String {
        for name in members {
            let text = text(of: message[name])
            if !text.isEmpty { return text }
        }
        return ""
    }

    /// The words of a text, a part, or a list of them.
    static func text(of json: JSON?) -> String {
        switch json {
        case .string(let text): return text
        case .array(let parts): return parts.map { text(of: $0) }.joined()
        case .object:
            for name in ["thinking", "text", "reasoning", "summary", "content", "reasoning_content"] {
                let text = text(of: json?[name])
                if !text.isEmpty { return text }
            }
            return ""
        default: return ""
        }
    }
}
