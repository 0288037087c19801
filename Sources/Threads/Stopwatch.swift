/// Measures elapsed time on any clock as a duration, because each clock has its own type of instant.
package struct Stopwatch: Sendable {
    private let read: @Sendable () -> Duration

    /// Starts at zero.
    package init(_ clock: some Clock<Duration>) {
        let start = clock.now
        read = { start.duration(to: clock.now) }
    }

    package var elapsed: Duration { read() }
}
