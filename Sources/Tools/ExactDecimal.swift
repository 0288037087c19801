import Jobs

/// A decimal number as it is written, without rounding: `digits` × 10^`exponent`, of which `digits` has no trailing zero.
///
/// Binary division says that 0.0075 is no multiple of 0.0001.
struct ExactDecimal: Sendable, Equatable {
    let digits: Int128
    let exponent: Int

    /// Nil when `number` is no number.
    init?(_ number: JSON) {
        switch number {
        case .int(let value): self.init(digits: Int128(value), exponent: 0)
        case .double(let value): self.init(text: value.description)
        default: return nil
        }
    }

    /// Reads what `Double.description` writes, `12.5` or `1e-08`: at most 17 digits.
    private init?(text: String) {
        let parts = text.split(separator: "e", maxSplits: 1)
        guard let significand = parts.first else { return nil }
        let halves = significand.split(separator: ".", maxSplits: 1)
        let fraction = halves.count == 2 ? halves[1] : ""
        guard let whole = halves.first, let digits = Int128(whole + fraction) else { return nil }
        var exponent = 0
        if parts.count == 2 {
            guard let written = Int(parts[1]) else { return nil }
            exponent = written
        }
        self.init(digits: digits, exponent: exponent - fraction.count)
    }

    private init(digits: Int128, exponent: Int) {
        var (digits, exponent) = (digits, exponent)
        while digits != 0, digits % 10 == 0 { (digits, exponent) = (digits / 10, exponent + 1) }
        (self.digits, self.exponent) = (digits, digits == 0 ? 0 : exponent)
    }

    func isMultiple(of divisor: ExactDecimal) -> Bool {
        if digits == 0 { return true }
        // The quotient could only be whole if `digits` ended in zeros.
        if divisor.digits == 0 || exponent < divisor.exponent { return false }
        // Both factors stay below 10^19, so that the product fits.
        let modulus = divisor.digits.magnitude
        var remainder = digits.magnitude % modulus
        for _ in 0..<(exponent - divisor.exponent) where remainder != 0 { remainder = remainder * 10 % modulus }
        return remainder == 0
    }
}
