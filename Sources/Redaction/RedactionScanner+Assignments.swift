import Documents

extension RedactionScanner {
    /// The longest name of a secret, in bytes; the scanner looks back this far.
    private static let nameMax = 64
    /// The most quotes, backslashes and blanks between a name and its separator.
    private static let gapMax = 8

    /// Names that end like this, in any case and with `_`, `-` and `.` left out, hold secrets.
    private static let secretNames = [
        "apikey", "accesskey", "secretkey", "privatekey", "password", "passwd", "passphrase", "pwd", "secret", "token",
        "credential", "credentials", "authorization",
    ].map { Array($0.utf8) }

    private static let headerName = Array("authorization".utf8)

    /// Whether a member, a variable or an option of this name holds a secret.
    static func isSecretName(_ name: some Collection<UInt8>) -> Bool {
        let plain = plain(name)
        return secretNames.contains { plain.suffix($0.count) == $0[...] }
    }

    private static func plain(_ name: some Collection<UInt8>) -> [UInt8] {
        name.filter(\.isLetterOrDigit).map(\.lowercased)
    }

    /// The value that follows a separator: `password=…`, `"api_key": "…"`, `Authorization: …`, `--token …`.
    func assignedValue(at separator: Int) -> Range<Int>? {
        let isBlank = bytes[separator] == UInt8(ascii: " ")
        guard let name = name(before: separator, mayHaveGap: !isBlank) else { return nil }
        if isBlank, !bytes[name].starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")]) { return nil }
        guard Self.isSecretName(bytes[name]) else { return nil }
        let start = skip(separator + 1) { $0.isBlank || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ">") }
        let opening = skip(start) { $0 == UInt8(ascii: "\\") }
        if self[opening]?.isQuote == true {
            return opening + 1..<closing(bytes[opening], escapes: opening - start, from: opening + 1)
        }
        // ``privateKey(at:)`` masks the whole block, not only its first word.
        if has("-----BEGIN", at: start) { return nil }
        let isHeader = Self.plain(bytes[name]).suffix(Self.headerName.count) == Self.headerName[...]
        let end = skip(start) { byte in
            !byte.isQuote && !byte.isLineEnd && (isHeader || !(byte.isBlank || byte == UInt8(ascii: "&")))
        }
        return start < end ? start..<end : nil
    }

    /// The word before a separator; quotes may stand between the two.
    private func name(before separator: Int, mayHaveGap: Bool) -> Range<Int>? {
        var upper = separator
        if mayHaveGap {
            while upper > end, separator - upper < Self.gapMax,
                bytes[upper - 1].isQuote || bytes[upper - 1].isBlank || bytes[upper - 1] == UInt8(ascii: "\\")
            {
                upper -= 1
            }
        }
        var lower = upper
        while lower > end, upper - lower < Self.nameMax,
            bytes[lower - 1].isKeyCharacter || bytes[lower - 1] == UInt8(ascii: ".")
        {
            lower -= 1
        }
        return lower < upper ? lower..<upper : nil
    }

    /// Where a quoted value ends: at the first such quote with no more backslashes before it than the opening one has,
    /// else at the end of the text.
    private func closing(_ quote: UInt8, escapes: Int, from start: Int) -> Int {
        var backslashes = 0
        for index in start..<bytes.count {
            if bytes[index] == quote, backslashes <= escapes { return index - backslashes }
            backslashes = bytes[index] == UInt8(ascii: "\\") ? backslashes + 1 : 0
        }
        return bytes.count
    }
}
