import Jobs

/// What is left of a limit per minute: it fills evenly, up to one minute's worth, and may go into debt.
struct TokenBucket: Sendable {
    /// A longer wait is looked at again after this; it also keeps the numbers small enough for Duration.
    static let waitMax: Duration = .seconds(3_600)

    private let perMinute: Double
    private var level: Double
    private var filledAt: Duration

    /// Full.
    init(perMinute: Int, at now: Duration) {
        self.perMinute = Double(perMinute)
        (level, filledAt) = (self.perMinute, now)
    }

    /// How long until one is there to take; zero when it is.
    mutating func wait(at now: Duration) -> Duration {
        fill(at: now)
        // Not exactly 1: sums of fractions may stay a hair below what they should be.
        if level > 0.999_999 { return .zero }
        let milliseconds = ((1 - level) * 60_000 / perMinute).rounded(.up)
        return milliseconds < Double(Self.waitMax.wholeMilliseconds) ? .milliseconds(Int64(milliseconds)) : Self.waitMax
    }

    /// - Parameter count: More than there is makes a debt; below zero it is given back.
    mutating func take(_ count: Int, at now: Duration) {
        fill(at: now)
        level = min(level - Double(count), perMinute)
    }

    private mutating func fill(at now: Duration) {
        level = min(level + (now - filledAt) / .seconds(60) * perMinute, perMinute)
        filledAt = now
    }
}
