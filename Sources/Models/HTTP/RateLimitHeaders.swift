import Documents
import Jobs
import NIOHTTP1

/// Reads the rate limits that an answer reports, so that jobs wait before they exceed them.
enum RateLimitHeaders {
    /// One limit that an answer reports.
    private struct Limit {
        /// The header's name, which names the limit, such as `tokens`.
        var name: String
        var remaining: Double
        /// The limit itself; nil when the answer does not report it.
        var most: Double?
        /// The time until the reset; nil when the answer does not report it.
        var reset: Duration?
    }

    /// How long nothing is left of a limit; nil when something is left of every limit, or when the answer does not say
    /// how long.
    ///
    /// Only limits with nothing left count, and of those the latest reset. For a refused request without such a limit,
    /// the message counts, else the limit of which the smallest share is left.
    ///
    /// - Parameters:
    ///   - isRefused: Whether the request was refused for a limit.
    ///   - message: The refusal's message, which may say `try again in 1.5s`.
    static func wait(_ headers: HTTPHeaders, isRefused: Bool = false, message: String? = nil) -> Duration? {
        let limits = limits(headers)
        let exhausted = limits.filter { $0.remaining <= 0 }.compactMap(\.reset).max()
        if let wait = exhausted, wait > .zero { return min(wait, RetryAfter.max) }
        guard isRefused else { return nil }
        if let wait = message.flatMap(RetryAfter.duration(saidIn:)) { return wait }
        let share = { (limit: Limit) in limit.most.map { $0 > 0 ? limit.remaining / $0 : 1 } ?? 1 }
        let scarcest = limits.filter { $0.reset != nil && share($0) < 1 }.min { share($0) < share($1) }
        return scarcest?.reset.flatMap { $0 > .zero ? min($0, RetryAfter.max) : nil }
    }

    /// `x-ratelimit-remaining-tokens` with `x-ratelimit-reset-tokens`, `anthropic-ratelimit-tokens-remaining` with
    /// `anthropic-ratelimit-tokens-reset`, `ratelimit-remaining` with `ratelimit-reset`, and variants of these.
    private static func limits(_ headers: HTTPHeaders) -> [Limit] {
        let now = headers.first(name: "Date").flatMap(RetryAfter.date)
        return headers.compactMap { name, value in
            let name = name.lowercased()
            // A header that a gateway repeats from its upstream may be about another key.
            guard name.contains("ratelimit"), name.contains("remaining"), !name.hasPrefix("llm_provider"),
                let remaining = Double(value.filter { !$0.isWhitespace })
            else { return nil }
            return Limit(
                name: name,
                remaining: remaining,
                most: headers.first(name: name.replacing("remaining", with: "limit")).flatMap(Double.init),
                reset: headers.first(name: name.replacing("remaining", with: "reset")).flatMap { reset($0, now: now) }
            )
        }
    }

    /// Parses a duration (`6m0s`, `7.66`), or a time: in RFC 3339, in seconds or milliseconds since 1970.
    ///
    /// A time is compared with the answer's own `Date`, so that the two clocks need not agree.
    private static func reset(_ text: String, now: Timestamp?) -> Duration? {
        if let number = Double(text) {
            guard number.isFinite, number >= 0 else { return nil }
            if number < 1e9 { return duration("\(number)s") }
            guard let now else { return nil }
            let milliseconds = number < 1e11 ? number * 1_000 : number
            guard milliseconds < 1e14 else { return nil }
            return .milliseconds(Int64(milliseconds)) - (now - Timestamp(milliseconds: 0))
        }
        if let duration = duration(text) { return duration }
        guard let now, let time = Timestamp(text: text) else { return nil }
        return time - now
    }

    /// Parses a duration in Go's form: `6m0s`, `1.5s`, `100ms`.
    static func duration(_ text: String) -> Duration? {
        var rest = text[...]
        var total: Double = 0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let count = Double(number), let milliseconds = units[String(unit)] else { return nil }
            total += count * milliseconds
        }
        guard !text.isEmpty else { return nil }
        return total < Double(RetryAfter.max.wholeMilliseconds)
            ? .milliseconds(Int64(total.rounded(.up))) : RetryAfter.max
    }

    private static let units = [
        "d": 86_400_000.0, "h": 3_600_000.0, "m": 60_000, "s": 1_000, "ms": 1, "us": 0.001, "µs": 0.001,
        "ns": 0.000_001,
    ]
}
