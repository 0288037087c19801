import Documents
import Jobs
import NIOHTTP1

/// Reads how long an answer asks to wait.
enum RetryAfter {
    /// The longest wait; a longer one is cut to it, because a retry costs little and a wrong header must not delay a
    /// job for years.
    static let max: Duration = .seconds(86_400)

    /// The wait in `retry-after-ms` (at Azure `x-ms-retry-after-ms`), else in `Retry-After` (RFC 9110 section 10.2.3).
    ///
    /// That header holds seconds, also with a fraction or a unit, or a date, which is compared with the answer's own
    /// `Date`, so that the two clocks need not agree.
    static func duration(_ headers: HTTPHeaders) -> Duration? {
        for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
            if let milliseconds = headers.first(name: name).flatMap(Double.init) {
                return duration(seconds: milliseconds / 1_000)
            }
        }
        guard let text = headers.first(name: "Retry-After") else { return nil }
        if let seconds = Double(text) { return duration(seconds: seconds) }
        if let duration = RateLimitHeaders.duration(text) { return duration }
        guard let until = date(text), let now = headers.first(name: "Date").flatMap(date) else { return nil }
        return min(Swift.max(until - now, .zero), max)
    }

    /// The wait that a refusal's message names: `Please try again in 6m0.5s`, `retry after 20 seconds`.
    static func duration(saidIn message: String) -> Duration? {
        let words = message.lowercased()
        guard
            let said = words.firstMatch(
                of: /(?:try again|retry|retry in|wait)\s(?:in|after|for)?\s*(?<time>[0-9][0-9a-zµ.]*)\s?(?<unit>[a-z]*)/
            )
        else { return nil }
        var time = String(said.time)
        while time.hasSuffix(".") { time.removeLast() }
        if let duration = RateLimitHeaders.duration(time) { return duration }
        guard let number = Double(time) else { return nil }
        return switch said.unit {
        case "ms", "millisecond", "milliseconds": duration(seconds: number / 1_000)
        case "m", "min", "minute", "minutes": duration(seconds: number * 60)
        case "h", "hour", "hours": duration(seconds: number * 3_600)
        default: duration(seconds: number)
        }
    }

    private static func duration(seconds: Double) -> Duration? {
        guard seconds >= 0 else { return nil }
        // Below the limit the number fits into Duration, which traps on larger ones.
        return seconds < Double(max.components.seconds) ? .milliseconds(Int64((seconds * 1_000).rounded(.up))) : max
    }

    /// An HTTP date in any of the three forms of RFC 9110 section 5.6.7.
    static func date(_ text: String) -> Timestamp? {
        var parts = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        // Sun Nov  6 08:49:37 1994, the form of C's asctime.
        if parts.count == 5 { parts = [parts[0], parts[2], parts[1], parts[4], parts[3], "GMT"] }
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: parts[2]), var year = Int(parts[3]), (0...9_999).contains(year)
        else { return nil }
        // Sunday, 06-Nov-94 08:49:37 GMT, the form of RFC 850.
        if parts[3].utf8.count == 2 { year += year < 70 ? 2_000 : 1_900 }
        return Timestamp(text: "\(digits(year, 4))-\(digits(month + 1, 2))-\(digits(day, 2))T\(parts[4])Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: Swift.max(0, width - text.utf8.count)) + text
    }
}
