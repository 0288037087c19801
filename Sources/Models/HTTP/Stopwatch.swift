import Documents

/// Measures elapsed time on any clock as a duration, because each clock has its own type of instant.
struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    /// Starts at zero.
    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        read = { start.duration(to: clock.now) }
    }

    var elapsed: Duration { read() }
}
