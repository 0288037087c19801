package import Documents

/// How often a step is tried again after temporary failures, and how long it waits in between.
package struct RetryPolicy: Sendable, Equatable {
    /// All attempts, the first one included; 1 or more.
    package var attempts = 5
    package var initial: Duration = .seconds(2)
    package var factor = 2.0
    package var max: Duration = .seconds(300)

    package init() {}

    /// Reads `attempts`, `initial`, `factor` and `max`; a missing member keeps the value of `default`.
    package init(_ reader: MemberReader, default: RetryPolicy = RetryPolicy()) throws(DocumentError) {
        try reader.allowOnly(["attempts", "initial", "factor", "max"])
        self = `default`
        attempts = try reader.int("attempts", in: 1...100) ?? attempts
        initial = try reader.duration("initial") ?? initial
        factor = try reader.number("factor", in: 1...100) ?? factor
        max = try reader.duration("max") ?? max
    }

    /// The wait after the failed attempt number `attempt` (from 1): exponential back-off with full jitter ("Exponential
    /// Backoff And Jitter", AWS Architecture Blog, 2015), never less than `floor`.
    ///
    /// - Parameter jitter: Uniform in 0..<1.
    package func delay(after attempt: Int, floor: Duration?, jitter: Double) -> Duration {
        var ceiling = Double(initial.wholeMilliseconds)
        for _ in 1..<Swift.max(1, Swift.min(attempt, 64)) { ceiling *= factor }
        ceiling = Swift.min(ceiling, Double(max.wholeMilliseconds))
        let jittered = Duration.milliseconds(Int64(ceiling * jitter))
        return Swift.max(jittered, floor ?? .zero)
    }

    package var json: JSON {
        [
            "attempts": .int(Int64(attempts)), "initial": .string(initial.text), "factor": .double(factor),
            "max": .string(max.text),
        ]
    }
}
