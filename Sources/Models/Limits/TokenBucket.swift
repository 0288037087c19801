import Documents
import Jobs

/// What is left of a limit per minute: it fills evenly, up to one minute's worth, and may be negative.
struct TokenBucket: Sendable {
    /// The longest wait that is returned; it also keeps the numbers small enough for Duration.
    static let waitMax: Duration = .seconds(3_600)

    private let perMinute: Double
    private var level: Double
    private var filledAt: Duration

    /// Starts full.
    init(perMinute: Int, at now: Duration) {
        self.perMinute = Double(perMinute)
        (level, filledAt) = (self.perMinute, now)
    }

    /// How long until one unit is available; zero when one is.
    mutating func wait(at now: Duration) -> Duration {
        fill(at: now)
        // Not exactly 1, because sums of fractions have rounding errors.
        if level > 0.999_999 { return .zero }
        let milliseconds = ((1 - level) * 60_000 / perMinute).rounded(.up)
        return milliseconds < Double(Self.waitMax.wholeMilliseconds) ? .milliseconds(Int64(milliseconds)) : Self.waitMax
    }

    /// - Parameter count: May exceed what is left, which then becomes negative; a negative count is a refund.
    mutating func take(_ count: Int, at now: Duration) {
        fill(at: now)
        level = min(level - Double(count), perMinute)
    }

    private mutating func fill(at now: Duration) {
        level = min(level + (now - filledAt) / .seconds(60) * perMinute, perMinute)
        filledAt = now
    }
}
