package import Documents
import OrderedCollections

/// Takes secrets out of what people read about a job outside its directory (docs/formats.md, section 5).
///
/// Always masked: keys of providers, tokens, passwords in assignments and URLs, private keys, card numbers; see
/// ``RedactionScanner``. Rules of the configuration add patterns and paths. Hiding too much is preferred to too little.
package struct Redactor: Sendable {
    /// What stands in place of a secret.
    package static let mask = "[redacted]"
    /// The longest summary, in characters.
    package static let summaryMax = 200
    /// How much of a value a summary is made from, in bytes: far more than it shows, so that a secret is seen whole.
    private static let summarySourceMax = 4_096

    /// What a path begins with.
    package enum Root: String, Sendable, CaseIterable {
        case input, arguments, output
    }

    private let patterns: [RedactionPattern]
    private let paths: [RedactionPath]
    private var hidden = RedactionValues()

    package init(rules: [RedactionRule] = []) {
        patterns = rules.compactMap { if case .pattern(let pattern) = $0 { pattern } else { nil } }
        paths = rules.compactMap { if case .path(let path) = $0 { path } else { nil } }
    }

    /// A redactor that also hides, wherever they stand in a text, the values that path rules name in `value`.
    package func hiding(valuesOf value: JSON, root: Root) -> Redactor {
        let found = paths.filter { $0.root == root }.flatMap { $0.values(in: value) }
        if found.isEmpty { return self }
        var copy = self
        copy.hidden.insert(found)
        return copy
    }

    // MARK: Text

    /// The text with every secret masked, in time proportional to the text's length.
    package func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        if hidden.isWhole(bytes) { return Self.mask }
        var spans = RedactionScanner.spans(in: bytes) + hidden.spans(in: bytes)
        for pattern in patterns { spans += pattern.spans(in: text) }
        if spans.isEmpty { return text }
        spans.sort { $0.lowerBound < $1.lowerBound }
        var redacted: [UInt8] = []
        var end = 0
        for span in spans where span.upperBound > end {
            // Overlapping spans share one mask.
            if span.lowerBound >= end {
                redacted += bytes[end..<span.lowerBound]
                redacted += Array(Self.mask.utf8)
            }
            end = span.upperBound
        }
        redacted += bytes[end...]
        return String(decoding: redacted, as: UTF8.self)
    }

    // MARK: Values

    /// The value with masks for what path rules of `root` name and for every secret in its texts and member names.
    package func redact(_ value: JSON, root: Root) -> JSON {
        var budget = Int.max
        return redact(value, tails(of: root), &budget)
    }

    /// The value for a person: redacted, on one line, cut to ``summaryMax`` characters.
    package func summary(of value: JSON, root: Root) -> String {
        var budget = Self.summarySourceMax
        let shown = redact(value, tails(of: root), &budget)
        let line = String((shown.string ?? shown.text).map { $0.isNewline ? " " : $0 })
        return line.count <= Self.summaryMax ? line : line.prefix(Self.summaryMax - 1) + "…"
    }

    private func tails(of root: Root) -> [ArraySlice<String>] {
        paths.filter { $0.root == root }.map { $0.members[...] }
    }

    /// - Parameters:
    ///   - tails: The rest of each path that leads here.
    ///   - budget: Bytes of text that may still be read; text beyond is left out.
    private func redact(_ value: JSON, _ tails: [ArraySlice<String>], _ budget: inout Int) -> JSON {
        if tails.contains(where: \.isEmpty), !value.isNull { return .string(Self.mask) }
        switch value {
        case .null, .bool: return value
        case .int, .double, .written:
            let text = value.text
            budget -= text.utf8.count
            return redact(text) == text ? value : .string(Self.mask)
        case .string(let text):
            let part = text.utf8.count <= budget ? text : text.cut(toUTF8: budget) + "…"
            budget -= part.utf8.count
            return .string(redact(part))
        case .array(let elements):
            var redacted: [JSON] = []
            for (index, element) in elements.enumerated() {
                if budget <= 0 {
                    redacted.append("…")
                    break
                }
                redacted.append(redact(element, RedactionPath.follow(tails, String(index)), &budget))
            }
            return .array(redacted)
        case .object(let members):
            var redacted: OrderedDictionary<String, JSON> = [:]
            for (name, member) in members {
                if budget <= 0 {
                    redacted["…"] = "…"
                    break
                }
                let shownName = redact(.string(name), [], &budget).string ?? name
                let isSecret = RedactionScanner.isSecretName(Array(name.utf8)) && !member.isNull && member.bool == nil
                redacted[shownName] =
                    isSecret ? .string(Self.mask) : redact(member, RedactionPath.follow(tails, name), &budget)
            }
            return .object(redacted)
        }
    }
}

extension String {
    /// The whole characters within the first `count` bytes.
    fileprivate func cut(toUTF8 count: Int) -> String {
        let bytes = utf8.prefix(max(0, count))
        return String(decoding: bytes, as: UTF8.self).replacing("\u{FFFD}", with: "")
    }
}
