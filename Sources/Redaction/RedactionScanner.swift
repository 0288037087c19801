import Documents

/// Finds common kinds of secrets in a text, in one pass and without regular expressions.
///
/// It finds keys and tokens by their form, values that are assigned to a secret's name, `Authorization` headers, users
/// and passwords in URLs, private keys in PEM, and card numbers. At the end of a text that was cut (`…`) it finds a
/// secret by its beginning.
struct RedactionScanner {
    let bytes: [UInt8]
    /// Where the last secret ended.
    private(set) var end = 0

    /// The ranges of secrets in a text's UTF-8, in order and without overlap.
    static func spans(in bytes: [UInt8]) -> [Range<Int>] {
        var scanner = RedactionScanner(bytes: bytes)
        var spans: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            if let span = scanner.secret(at: index), !span.isEmpty {
                spans.append(span)
                scanner.end = span.upperBound
                index = max(index + 1, span.upperBound)
            } else {
                index += 1
            }
        }
        return spans
    }

    /// The secret that this byte reveals: it begins the secret, or separates the secret from its name.
    private func secret(at index: Int) -> Range<Int>? {
        switch bytes[index] {
        case UInt8(ascii: "-"): privateKey(at: index)
        case UInt8(ascii: ":"): userInformation(at: index) ?? assignedValue(at: index)
        case UInt8(ascii: "="): assignedValue(at: index)
        case UInt8(ascii: " "): assignedValue(at: index)
        case UInt8(ascii: "b"), UInt8(ascii: "B"): bearerToken(at: index)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): cardNumber(at: index)
        default: key(at: index)
        }
    }

    // MARK: Bytes

    subscript(index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

    func has(_ text: StaticString, at index: Int) -> Bool {
        guard index >= 0, index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    /// Whether the text was cut here.
    func isCut(at index: Int) -> Bool { has("…", at: index) }

    /// The first index from `start` on whose byte does not fit.
    func skip(_ start: Int, while fits: (UInt8) -> Bool) -> Int {
        var index = start
        while index < bytes.count, fits(bytes[index]) { index += 1 }
        return index
    }

    /// Whether a word may begin here; an escape such as `\n` or `%20` may stand before it.
    private func isWordStart(_ index: Int) -> Bool {
        guard let before = self[index - 1], before.isLetterOrDigit else { return true }
        return self[index - 2] == UInt8(ascii: "\\") || self[index - 3] == UInt8(ascii: "%")
    }

    // MARK: Keys and tokens

    /// The form of a provider's keys.
    private struct KeyForm {
        var prefix: StaticString
        /// The least number of characters after the prefix.
        var lengthMin: Int
        /// Whether the prefix must begin a word, because common words end like it.
        var beginsWord = false
        /// JSON Web Tokens (RFC 7519) begin like any encoded object; their parts are joined by dots.
        var hasDot = false
    }

    private static let keyForms = [
        KeyForm(prefix: "sk-", lengthMin: 16, beginsWord: true),
        KeyForm(prefix: "sk_", lengthMin: 16, beginsWord: true),
        KeyForm(prefix: "rk_", lengthMin: 16, beginsWord: true), KeyForm(prefix: "AKIA", lengthMin: 16),
        KeyForm(prefix: "ASIA", lengthMin: 16, beginsWord: true), KeyForm(prefix: "ghp_", lengthMin: 16),
        KeyForm(prefix: "gho_", lengthMin: 16), KeyForm(prefix: "ghu_", lengthMin: 16),
        KeyForm(prefix: "ghs_", lengthMin: 16), KeyForm(prefix: "ghr_", lengthMin: 16),
        KeyForm(prefix: "github_pat_", lengthMin: 16), KeyForm(prefix: "xox", lengthMin: 10, beginsWord: true),
        KeyForm(prefix: "xapp-", lengthMin: 10), KeyForm(prefix: "AIza", lengthMin: 20),
        KeyForm(prefix: "glpat-", lengthMin: 16), KeyForm(prefix: "eyJ", lengthMin: 10, hasDot: true),
    ]

    /// The least number of characters between a key's prefix and a cut.
    private static let cutKeyMin = 4

    private func key(at index: Int) -> Range<Int>? {
        for form in Self.keyForms where bytes[index] == form.prefix.utf8Start[0] && has(form.prefix, at: index) {
            if form.beginsWord || form.hasDot, !isWordStart(index) { continue }
            // Otherwise a text such as `eyJ-eyJ-eyJ-…` would take quadratic time.
            if form.hasDot, self[index - 1] == UInt8(ascii: "-") || self[index - 1] == UInt8(ascii: "_") { continue }
            let start = index + form.prefix.utf8CodeUnitCount
            var end = skip(start, while: \.isKeyCharacter)
            let firstPart = end
            // Newer keys have parts, joined by dots.
            while self[end] == UInt8(ascii: "."), self[end + 1]?.isKeyCharacter == true {
                end = skip(end + 1, while: \.isKeyCharacter)
            }
            let isLong = end - start >= form.lengthMin && (!form.hasDot || end > firstPart)
            if isLong || (isCut(at: end) && end - start >= Self.cutKeyMin) { return index..<end }
        }
        return nil
    }

    /// The least number of characters of a token after `Bearer`; the word `token` itself is shorter.
    private static let bearerTokenMin = 6

    private func bearerToken(at index: Int) -> Range<Int>? {
        guard isWordStart(index), bytes[index...].prefix(6).map(\.lowercased) == Array("bearer".utf8) else {
            return nil
        }
        let start = skip(index + 6) { $0.isBlank || $0.isQuote }
        let end = skip(start) { $0.isKeyCharacter || "._~+/=".utf8.contains($0) }
        let isToken = end - start >= Self.bearerTokenMin || isCut(at: end)
        return start > index + 6 && isToken ? start..<end : nil
    }

    // MARK: URLs

    /// User and password before the host (RFC 3986, section 3.2.1); a user alone is no secret.
    private func userInformation(at colon: Int) -> Range<Int>? {
        guard has("://", at: colon), self[colon - 1]?.isLetterOrDigit == true else { return nil }
        let end = skip(colon + 3) { !$0.isBlank && !$0.isLineEnd && !$0.isQuote && !"/?#<>".utf8.contains($0) }
        guard let at = bytes[colon + 3..<end].lastIndex(of: UInt8(ascii: "@")),
            bytes[colon + 3..<at].contains(UInt8(ascii: ":"))
        else { return nil }
        return colon + 3..<at
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetterOrDigit: Bool { isDigit || (0x41...0x5A).contains(self & 0xDF) }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
    /// Whether the byte is of base64url, the alphabet of keys and tokens.
    var isKeyCharacter: Bool { isLetterOrDigit || self == UInt8(ascii: "-") || self == UInt8(ascii: "_") }
    var isBlank: Bool { self == 0x20 || self == 0x09 }
    var isLineEnd: Bool { self == 0x0A || self == 0x0D }
    var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") }
}
