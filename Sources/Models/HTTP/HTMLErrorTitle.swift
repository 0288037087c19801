import Documents

/// Extracts a one-line message from an HTML error page of a proxy.
enum HTMLErrorTitle {
    /// The text of the page's title, or of its first heading, without tags; nil when it has neither.
    static func title(of html: Substring) -> String? {
        for name in ["title", "h1", "h2"] {
            guard let text = text(of: name, in: html) else { continue }
            return text
        }
        return nil
    }

    private static func text(of element: String, in html: Substring) -> String? {
        guard let opening = html.range(of: "<\(element)"), let start = html[opening.upperBound...].firstIndex(of: ">"),
            case let content = html[html.index(after: start)...], let closing = content.range(of: "</\(element)")
        else { return nil }
        var isTag = false
        var text = ""
        for character in content[..<closing.lowerBound] {
            switch character {
            case "<": isTag = true
            case ">": isTag = false
            default: if !isTag { text.append(character) }
            }
        }
        for (entity, character) in entities { text = text.replacing(entity, with: character) }
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.isEmpty ? nil : line
    }

    /// The ampersand comes last, so that `&amp;lt;` is not decoded twice.
    private static let entities = [
        ("&nbsp;", " "), ("&#39;", "'"), ("&apos;", "'"), ("&quot;", "\""), ("&lt;", "‹"), ("&gt;", "›"),
        ("&amp;", "&"),
    ]
}

extension Substring {
    /// The first range of `text`, ignoring the case of ASCII letters.
    fileprivate func range(of text: String) -> Range<Index>? {
        let wanted = Array(text.lowercased().utf8)
        var start = startIndex
        while start < endIndex {
            let candidate = self[start...].utf8
            if candidate.count < wanted.count { return nil }
            let end = candidate.index(candidate.startIndex, offsetBy: wanted.count)
            if zip(candidate[..<end], wanted).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 && $1 >= 0x61 }) {
                return start..<end
            }
            start = utf8.index(after: start)
        }
        return nil
    }
}
