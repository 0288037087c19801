/// Measures time on any clock: the instants of different clocks are different types, durations are one.
struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    /// Begins at zero, now.
    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        read = { start.duration(to: clock.now) }
    }

    var elapsed: Duration { read() }
}
