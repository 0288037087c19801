// Bytes are compared, because the texts of models, in which marks are searched for, may be long.

extension StringProtocol where SubSequence == Substring {
    /// The text without surrounding white space.
    package var trimmed: Substring {
        var text = self[...].drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension Substring {
    package func hasPrefixIgnoringCase(_ prefix: String) -> Bool { dropping(prefixIgnoringCase: prefix) != nil }

    /// The text after `prefix`, ignoring the case of ASCII letters; nil when the text begins otherwise.
    package func dropping(prefixIgnoringCase prefix: String) -> Substring? {
        var place = startIndex
        for byte in prefix.utf8 {
            guard place < endIndex, utf8[place].lowercase == byte.lowercase else { return nil }
            utf8.formIndex(after: &place)
        }
        return self[place...]
    }

    /// The first range of `text`, ignoring the case of ASCII letters.
    package func firstRange(ofIgnoringCase text: String) -> Range<Index>? {
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
    /// The lower-case form of an ASCII letter; other bytes unchanged.
    fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
