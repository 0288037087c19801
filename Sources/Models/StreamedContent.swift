import Jobs
import OrderedCollections

/// Puts the pieces of a streamed content together: texts, parts, or both.
struct StreamedContent {
    /// Nil until a piece came, if only an empty one.
    private var text: String?
    /// What came as parts; the texts between them are parts, too.
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

    /// As a whole message has it: a text, a list of parts, or null where nothing came.
    var json: JSON {
        var whole = self
        if parts.isEmpty { return text.map(JSON.string) ?? .null }
        whole.flush()
        return .array(whole.parts)
    }
}
