import Jobs
import NIOHTTP1

/// What an answer says about the provider's own limits, so that no job runs into them.
enum RateLimitHeaders {
    /// One of the limits that an answer tells of.
    private struct Limit {
        /// Such as `tokens`, with whatever else stands in the header's name.
        var name: String
        var remaining: Double
        /// How many there are at the most; nil where the answer does not say.
        var most: Double?
        /// From now; nil where the answer does not say.
        var reset: Duration?
    }

    /// Until when nothing is left, counted from now; nil when something is left of every limit, or when the answer does
    /// not say until when.
    ///
    /// Of several limits those count that have nothing remaining, whatever the others' resets are. Of an answer that
    /// refused a request though every limit has something remaining, that limit counts of which the least is left.
    ///
    /// - Parameters:
    ///   - isRefused: Whether the request was refused for a limit.
    ///   - message: The refusal's, which may say `try again in 1.5s`.
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
    /// `anthropic-ratelimit-tokens-reset`, `ratelimit-remaining` with `ratelimit-reset`, and what others made of them.
    private static func limits(_ headers: HTTPHeaders) -> [Limit] {
        let now = headers.first(name: "Date").flatMap(RetryAfter.date)
        return headers.compactMap { name, value in
            let name = name.lowercased()
            // What a gateway repeats of its upstream may be about another key than ours.
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

    /// A duration (`6m0s`, `7.66`), or a time: in RFC 3339, in seconds or milliseconds since 1970. A time is read
    /// against the answer's own `Date`, so that the two clocks need not agree.
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

    /// Go's form of a duration: `6m0s`, `1.5s`, `100ms`.
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
