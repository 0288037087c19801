import Documents

/// A tag of a Mustache text that names something: `{{name}}`, `{{{name}}}`, `{{#name}}`.
struct MustacheTag {
    var name: String
    /// Whether it begins a section, in which names are relative.
    var beginsSection: Bool

    /// All tags of a text in their order, whatever they name.
    static func tags(in text: String) -> [MustacheTag] {
        let bytes = Array(text.utf8)
        var tags: [MustacheTag] = []
        var start = 0
        while let open = pair(of: UInt8(ascii: "{"), in: bytes, from: start) {
            start = open + 2
            guard let close = pair(of: UInt8(ascii: "}"), in: bytes, from: start) else { break }
            var inside = bytes[start..<close]
            let kind = inside.first.flatMap { Self.kinds.contains($0) ? $0 : nil }
            if kind != nil { inside.removeFirst() }
            let words = inside.split(whereSeparator: isSpace)
            guard words.count == 1, let name = words.first, !name.contains(UInt8(ascii: "}")) else { continue }
            let beginsSection = kind == UInt8(ascii: "#") || kind == UInt8(ascii: "^")
            tags.append(MustacheTag(name: String(decoding: name, as: UTF8.self), beginsSection: beginsSection))
            start = close + 2
        }
        return tags
    }

    private static let kinds = Array("{&#^".utf8)

    private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte) }

    private static func pair(of byte: UInt8, in bytes: [UInt8], from start: Int) -> Int? {
        bytes.indices.dropFirst(start).dropLast().first { bytes[$0] == byte && bytes[$0 + 1] == byte }
    }
}
