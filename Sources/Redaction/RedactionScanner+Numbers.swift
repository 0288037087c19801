import Documents

extension RedactionScanner {
    /// Digits of a card number (ISO/IEC 7812).
    private static let cardDigits = 13...19
    /// The least digits of a card number before a cut: PCI DSS 3.4 allows six to be shown.
    private static let cutDigitsMin = 7

    /// A card number with a correct check digit, in one group or in groups with single blanks or dashes between.
    ///
    /// Other numbers may stand before it in the same way, so the scanner tries the beginning of every group.
    func cardNumber(at start: Int) -> Range<Int>? {
        if self[start - 1]?.isDigit == true { return nil }
        var digits: [UInt8] = []
        var found: Range<Int>?
        var index = start
        while let byte = self[index] {
            if byte.isDigit {
                digits.append(byte & 0x0F)
                if digits.count > Self.cardDigits.upperBound { break }
                let endsGroup = self[index + 1]?.isDigit != true
                if endsGroup, Self.cardDigits.contains(digits.count), Self.isLuhn(digits) { found = start..<index + 1 }
                if isCut(at: index + 1), digits.count >= Self.cutDigitsMin { found = start..<index + 1 }
            } else if byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") || self[index + 1]?.isDigit != true {
                break
            }
            index += 1
        }
        return found
    }

    /// Luhn's check: every second digit from the right counts double (ISO/IEC 7812-1, annex B).
    private static func isLuhn(_ digits: [UInt8]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, digit in
            let value = Int(digit.element) * (digit.offset % 2 == 0 ? 1 : 2)
            return sum + (value > 9 ? value - 9 : value)
        }
        return sum % 10 == 0
    }
}
