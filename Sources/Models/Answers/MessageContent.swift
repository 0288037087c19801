import Documents
import Jobs

/// The content of an assistant's message, in any form that servers send.
struct MessageContent {
    var text = ""
    /// The model's reasoning, if it is among the parts.
    var reasoning = ""
    var refusal = ""
    /// The types of all other parts.
    var otherTypes: [String] = []

    /// - Parameter content: A text, a part, a list of both, or null.
    init(_ content: JSON?) { add(content) }

    private mutating func add(_ content: JSON?) {
        switch content {
        case nil, .null: break
        case .string(let piece): text += piece
        case .array(let parts): for part in parts { add(part) }
        case .object: if let content { add(part: content) }
        case .some(let value): otherTypes.append(value.kindName)
        }
    }

    private mutating func add(part: JSON) {
        let type = part["type"]?.string ?? ""
        switch type {
        case "thinking", "reasoning", "thought", "reasoning_text", "summary_text", "redacted_thinking":
            reasoning += ReasoningText.text(of: part)
        case "refusal": refusal += part["refusal"]?.string ?? Self.words(part["text"]) ?? ""
        case "reference": break
        default:
            if part["thought"]?.bool == true {
                reasoning += Self.words(part["text"]) ?? ""
            } else if let words = Self.words(part["text"]) ?? part["content"]?.string {
                text += words
            } else if let inner = part["content"], inner.array != nil {
                add(inner)
            } else if part["text"]?.isNull != true {
                otherTypes.append(type.isEmpty ? "without a type" : type)
            }
        }
    }

    /// A text, or an object with one (`value`).
    private static func words(_ json: JSON?) -> String? { json?.string ?? json?["value"]?.string }
}
