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
        if let joined = parts.last.flatMap({ Self.join($0, part) }) {
            parts[parts.count - 1] = joined
        } else {
            parts.append(part)
        }
    }

    private mutating func flush() {
        guard let words = text, !words.isEmpty else { return }
        parts.append(["type": "text", "text": .string(words)])
        text = nil
    }

    /// Two pieces of one thought as one part; nil for parts that stay apart.
    private static func join(_ first: JSON, _ second: JSON) -> JSON? {
        guard let type = first["type"], type == second["type"], type != "refusal",
            var members = first.object
        else { return nil }
        for name in ["thinking", "text", "reasoning"] {
            guard let value = second[name] else { continue }
            if let one = members[name]?.string, let other = value.string {
                members[name] = .string(one + other)
            } else if let one = members[name]?.array, let other = value.array {
                members[name] = .array(joined(one + other))
            } else {
                return nil
            }
            for (name, value) in second.object ?? [:] where members[name] == nil { members[name] = value }
            return .object(members)
        }
        return nil
    }

    /// Adjacent texts as one.
    private static func joined(_ parts: [JSON]) -> [JSON] {
        parts.reduce(into: []) { list, part in
            if part["type"] == "text", let last = list.last, last["type"] == "text", let one = last["text"]?.string,
                let other = part["text"]?.string
            {
                list[list.count - 1] = ["type": "text", "text": .string(one + other)]
            } else {
                list.append(part)
            }
        }
    }

    /// As a whole message has it: a text, a list of parts, or null where nothing came.
    var json: JSON {
        var whole = self
        if parts.isEmpty { return text.map(JSON.string) ?? .null }
        whole.flush()
        return .array(whole.parts)
    }
}
