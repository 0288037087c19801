/// A number of bytes as people write it: `512B`, `64KB`, `1MB` (powers of 1000), `64KiB`, `10MiB` (powers of 1024).
package enum ByteSize {
    private static let units: [(name: String, size: Int)] = [
        ("GiB", 1 << 30), ("GB", 1_000_000_000), ("MiB", 1 << 20), ("MB", 1_000_000), ("KiB", 1 << 10), ("KB", 1_000),
        ("B", 1),
    ]

    /// Nil when `text` is not a whole number followed by a unit, or too large.
    package static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits) else { return nil }
        let suffix = text.dropFirst(digits.count)
        // SI writes kB.
        let name = suffix == "kB" ? "KB" : suffix
        guard let unit = units.first(where: { $0.name == name }) else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: unit.size)
        return overflow ? nil : bytes
    }

    /// In the largest unit that gives a whole number: `1MiB`, `64KB`, `1234567B`.
    package static func text(_ bytes: Int) -> String {
        let unit = units.first { bytes >= $0.size && bytes.isMultiple(of: $0.size) } ?? ("B", 1)
        return "\(bytes / unit.1)\(unit.0)"
    }
}
