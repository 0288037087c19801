extension Duration {
    /// Reads `90s`, `15m`, `2h`, `7d` or `250ms`; whole numbers from 0 on, at most a hundred years.
    package init?(text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits), count >= 0 else { return nil }
        let unit: Int64? =
            switch text.dropFirst(digits.count) {
            case "ms": 1
            case "s": 1_000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let unit else { return nil }
        let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
        if overflow || milliseconds > 100 * 366 * 86_400_000 { return nil }
        self = .milliseconds(milliseconds)
    }

    /// Whole milliseconds, rounded down.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// The duration in the largest unit that gives a whole number: `90s`, `15m`, `1500ms`.
    package var text: String {
        let milliseconds = wholeMilliseconds
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")]
        for (size, name) in units where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size)\(name)"
        }
        return milliseconds == 0 ? "0s" : "\(milliseconds)ms"
    }

    /// Short and rounded, for people: `350ms`, `4.2s`, `3m`, `5h`, `12d`.
    package var roundedText: String {
        let milliseconds = max(0, wholeMilliseconds)
        switch milliseconds {
        case ..<1_000: return "\(milliseconds)ms"
        case ..<10_000: return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)s"
        case ..<120_000: return "\(milliseconds / 1_000)s"
        case ..<7_200_000: return "\(milliseconds / 60_000)m"
        case ..<172_800_000: return "\(milliseconds / 3_600_000)h"
        default: return "\(milliseconds / 86_400_000)d"
        }
    }
}
