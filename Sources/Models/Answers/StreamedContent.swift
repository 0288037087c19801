import Documents
import Jobs
import OrderedCollections

/// Assembles streamed content: texts, parts, or both.
struct StreamedContent {
    /// The text since the last part; nil until a piece comes, even an empty one.
    private var text: String?
    /// The parts so far; a text between parts becomes a part, too.
    private var parts: [JSON] = []

    var isEmpty: Bool { parts.isEmpty && text?.isEmpty != false }

    mutating func take(_ piece: JSON) {
        switch piece {
        case .null: break
        case .string(let words): text = (text ?? "") + words
        case .array(let list): for part in list { take(part: part) }
        default: take(part: piece)
        }
    }

    private mutating func take(part: JSON) {
        if let words = part.string { return take(.string(words)) }
        let type = part["type"]?.string ?? "text"
        if type == "text" || type == "output_text", let words = part["text"]?.string {
            text = (text ?? "") + words
            return
        }
        flush()
        StreamedParts.add(part, to: &parts)
    }

    private mutating func flush() {
        guard let words = text, !words.isEmpty else { return }
        parts.append(["type": "text", "text": .string(words)])
        text = nil
    }

    /// The content as a whole message holds it: a text, a list of parts, or null when nothing came.
    var json: JSON {
        var whole = self
        if parts.isEmpty { return text.map(JSON.string) ?? .null }
        whole.flush()
        return .array(whole.parts)
    }
}
