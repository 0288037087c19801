/// Writes amounts of money for people.
package enum USD {
    /// `$0.0042`: to a hundredth of a cent.
    package static func text(_ amount: Double) -> String {
        let units = Int64((min(max(amount, 0), 1e12) * 10_000).rounded())
        let fraction = String(units % 10_000)
        return "$\(units / 10_000).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)"
    }
}
