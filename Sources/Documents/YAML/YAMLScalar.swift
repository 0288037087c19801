import Yams

/// The value of a YAML scalar, by the core schema of YAML 1.2 (docs/values.md).
struct YAMLScalar {
    package let value: JSON

    /// - Throws: ``DocumentError`` for an unknown tag, or one that the text does not fit.
    init(_ scalar: Node.Scalar, line: Int?) throws(DocumentError) {
        let text = scalar.string
        // Quoted and block scalars are strings, whatever they look like.
        let isPlain = scalar.style == .any || scalar.style == .plain
        let plain = Self.plain(text)
        let fits: Bool
        switch Tag.Name(rawValue: scalar.tag.description) {
        case .implicit:
            value = isPlain ? plain : .string(text)
            return
        case .str, .nonSpecific, .timestamp:
            value = .string(text)
            return
        case .int, .float: fits = plain.isNumber
        case .bool: fits = plain.bool != nil
        case .null: fits = plain.isNull
        default: throw DocumentError(line: line, reason: "the tag \(scalar.tag) is not known here")
        }
        if !fits {
            throw DocumentError(line: line, reason: "\"\(text.prefix(40))\" does not fit its tag \(scalar.tag)")
        }
        value = plain
    }

    /// The value of a word without quotes; a word that is no exact number stays text: `007`, `1_000`, `.inf`.
    private static func plain(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return .string(text) }
        if let value = JSON(number: text) { return value }
        if text.hasPrefix("0x") { return integer(text, radix: 16) }
        if text.hasPrefix("0o") { return integer(text, radix: 8) }
        return jsonForm(text).flatMap { JSON(number: $0) } ?? .string(text)
    }

    /// A number that is too large for `Int64` stays text, with all its digits.
    private static func integer(_ text: String, radix: Int) -> JSON {
        let digits = text.dropFirst(2)
        let isNumber = digits.first.map { $0 != "+" && $0 != "-" } ?? false
        return (isNumber ? Int64(digits, radix: radix).map(JSON.int) : nil) ?? .string(text)
    }

    /// `+7`, `.5` and `5.` as JSON writes them; nil for a point without digits.
    private static func jsonForm(_ text: String) -> String? {
        var rest = text[...]
        var sign = ""
        if let first = rest.first, first == "+" || first == "-" {
            rest.removeFirst()
            if first == "-" { sign = "-" }
        }
        let whole = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(whole.count)
        var fraction = ""
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count + 1)
            if whole.isEmpty, digits.isEmpty { return nil }
            fraction = ".\(digits.isEmpty ? "0" : digits)"
        }
        return "\(sign)\(whole.isEmpty && !fraction.isEmpty ? "0" : whole)\(fraction)\(rest)"
    }
}
