import Jobs
import NIOHTTP1

/// What an answer says about the provider's own limits, so that nobody runs into them.
enum RateLimitHeaders {
    /// Until when nothing is left, counted from now: the longest of the limits that have nothing remaining; nil when
    /// none has, or when the answer does not say until when.
    ///
    /// OpenAI's `x-ratelimit-reset-*` is a duration such as `6m0s`; Anthropic's `anthropic-ratelimit-*-reset` is a
    /// time (RFC 3339), read against the answer's own `Date` so that the two clocks need not agree.
    static func wait(_ headers: HTTPHeaders) -> Duration? {
        var waits: [Duration] = []
        for limit in ["requests", "tokens"] where headers.first(name: "x-ratelimit-remaining-\(limit)") == "0" {
            waits += [headers.first(name: "x-ratelimit-reset-\(limit)").flatMap(duration)].compactMap(\.self)
        }
        let now = headers.first(name: "Date").flatMap(RetryAfter.date)
        for limit in ["requests", "tokens", "input-tokens", "output-tokens"] {
            let name = "anthropic-ratelimit-\(limit)"
            guard headers.first(name: "\(name)-remaining") == "0", let now,
                let reset = headers.first(name: "\(name)-reset").flatMap(Timestamp.init(text:))
            else { continue }
            waits.append(reset - now)
        }
        return waits.max().flatMap { $0 > .zero ? min($0, RetryAfter.max) : nil }
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
        "h": 3_600_000.0, "m": 60_000, "s": 1_000, "ms": 1, "us": 0.001, "µs": 0.001, "ns": 0.000_001,
    ]
}
