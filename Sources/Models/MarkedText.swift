// Texts of models with marks in them, which may be long: they are searched by bytes.

extension StringProtocol where SubSequence == Substring {
    /// Without white space at its ends.
    var trimmed: Substring {
        var text = self[...].drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Substring {
    func hasPrefixIgnoringCase(_ prefix: String) -> Bool { dropping(prefixIgnoringCase: prefix) != nil }

    /// What follows `prefix`, whose ASCII letters may be in either case; nil where the text begins otherwise.
    func dropping(prefixIgnoringCase prefix: String) -> Substring? {
        var place = startIndex
        for byte in prefix.utf8 {
            guard place < endIndex, utf8[place].lowercase == byte.lowercase else { return nil }
            utf8.formIndex(after: &place)
        }
        return self[place...]
    }

    /// Where `text` stands first, its ASCII letters in either case.
    func firstRange(ofIgnoringCase text: String) -> Range<Index>? {
        guard let first = text.utf8.first?.lowercase else { return nil }
        var rest = utf8[...]
        while let start = rest.firstIndex(where: { $0.lowercase == first }) {
            if let end = self[start...].dropping(prefixIgnoringCase: text)?.startIndex { return start..<end }
            rest = rest[rest.index(after: start)...]
        }
        return nil
    }
}

extension UInt8 {
    /// Of an ASCII letter; other bytes as they are.
    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
