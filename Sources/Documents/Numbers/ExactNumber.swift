/// The value of a JSON number, without rounding: `digits` × 10^`exponent`, negative or not.
///
/// Binary division says that 0.0075 is no multiple of 0.0001, and doubles cannot tell large ids apart.
package struct ExactNumber: Sendable, Hashable {
    /// The most digits of a divisor.
    package static let divisorDigitsMax = 18
    /// Larger exponents are clamped to this, so that sums of exponents and numbers of digits cannot overflow.
    private static let exponentMax = 1 << 60

    /// Each from 0 to 9, with no zero at the beginning or the end; empty for 0.
    package let digits: [UInt8]
    package let exponent: Int
    package let isNegative: Bool

    /// Nil when `number` is no number.
    package init?(_ number: JSON) {
        switch number {
        case .int(let value): self.init(text: String(value))
        case .double(let value) where value.isFinite: self.init(text: value.description)
        case .written(let number): self.init(text: number.text)
        default: return nil
        }
    }

    /// Reads a number of JSON's grammar, or what `Double.description` writes.
    private init(text: String) {
        var text = text.utf8[...]
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { text.removeFirst() }
        let parts = text.split(maxSplits: 1) { $0 | 0x20 == UInt8(ascii: "e") }
        let halves = parts[0].split(separator: UInt8(ascii: "."), maxSplits: 1)
        let fraction = halves.count == 2 ? halves[1].count : 0
        var digits = halves.flatMap { half in half.map { $0 - UInt8(ascii: "0") } }[...]
        digits = digits.drop { $0 == 0 }
        let end = (digits.lastIndex { $0 != 0 }).map { $0 + 1 } ?? digits.startIndex
        let zeros = digits.endIndex - end
        self.digits = Array(digits[..<end])
        self.isNegative = isNegative && !self.digits.isEmpty
        exponent = self.digits.isEmpty ? 0 : (parts.count == 2 ? Self.exponent(parts[1]) : 0) - fraction + zeros
    }

    private static func exponent(_ text: Substring.UTF8View) -> Int {
        let text = String(Substring(text))
        let limit = text.hasPrefix("-") ? -exponentMax : exponentMax
        return Int(text).map { min(max($0, -exponentMax), exponentMax) } ?? limit
    }

    /// Whether it has no fraction.
    package var isWhole: Bool { exponent >= 0 }

    /// Nil when it has a fraction, or is too large.
    package var int64: Int64? {
        guard isWhole, digits.count + exponent <= 19 else { return nil }
        return Int64((isNegative ? "-" : "") + writtenDigits + String(repeating: "0", count: exponent))
            ?? (digits.isEmpty ? 0 : nil)
    }

    private var writtenDigits: String { String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self) }

    /// The one form of all numbers that have the same value.
    package var canonical: JSON {
        int64.map(JSON.int)
            ?? .written(WrittenNumber(checked: (isNegative ? "-" : "") + writtenDigits + "e\(exponent)"))
    }

    /// Whether it is a whole multiple of `divisor`, which has at most ``divisorDigitsMax`` digits.
    package func isMultiple(of divisor: ExactNumber) -> Bool {
        if digits.isEmpty { return true }
        // The quotient could only be whole if `digits` ended in zeros.
        if divisor.digits.isEmpty || exponent < divisor.exponent { return false }
        // Below 10^18, so that products fit.
        let modulus = divisor.digits.reduce(UInt128(0)) { $0 * 10 + UInt128($1) }
        var remainder = digits.reduce(UInt128(0)) { ($0 * 10 + UInt128($1)) % modulus }
        var (power, base) = (exponent - divisor.exponent, UInt128(10) % modulus)
        while power > 0 {
            if power & 1 == 1 { remainder = remainder * base % modulus }
            base = base * base % modulus
            power >>= 1
        }
        return remainder == 0
    }
}

extension ExactNumber: Comparable {
    package static func < (left: ExactNumber, right: ExactNumber) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? isSmaller(right, left) : isSmaller(left, right)
    }

    /// Compares the absolute values.
    private static func isSmaller(_ left: ExactNumber, _ right: ExactNumber) -> Bool {
        if left.digits.isEmpty || right.digits.isEmpty { return left.digits.isEmpty && !right.digits.isEmpty }
        let (leftSize, rightSize) = (left.digits.count + left.exponent, right.digits.count + right.exponent)
        if leftSize != rightSize { return leftSize < rightSize }
        return left.digits.lexicographicallyPrecedes(right.digits)
    }
}
