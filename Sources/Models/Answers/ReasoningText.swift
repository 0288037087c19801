import Documents
import Jobs

/// Finds a model's reasoning in the members that servers use for it.
enum ReasoningText {
    /// The members of a message that may hold it, the fullest first.
    private static let members = ["reasoning_content", "reasoning", "thinking", "thought", "reasoning_details"]

    /// The reasoning in an assistant's message: in its blocks, beside its content, or in tags in its text; empty when
    /// there is none.
    static func of(_ message: JSON) -> String {
        let content = message["content"]
        let inside = MessageContent(.array(content?.array ?? [])).reasoning
        if !inside.isEmpty { return inside }
        let beside = beside(message)
        return beside.isEmpty ? content?.string.map { ReasoningTags($0).reasoning } ?? "" : beside
    }

    /// The reasoning beside a message's content; empty when there is none.
    static func beside(_ message: JSON) -> String {
        for name in members {
            let text = text(of: message[name])
            if !text.isEmpty { return text }
        }
        return ""
    }

    /// The text of a string, of a part, or of a list of them.
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
