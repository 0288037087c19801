import HTTPTypes
import Synchronization

/// Refuses a body that comes too slowly: a sender of single bytes would hold its file and connection for days.
final class SpeedMeter: Sendable {
    private let bytes = Mutex(0)
    private let elapsed: @Sendable () -> Duration
    private let grace: Duration
    private let speedMin: Int

    /// - Parameter speedMin: Bytes a second, from the start on, once the grace is over.
    init(_ clock: any Clock<Duration>, grace: Duration, speedMin: Int) {
        (self.grace, self.speedMin) = (grace, speedMin)
        elapsed = Self.stopwatch(clock)
    }

    private static func stopwatch<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    /// - Throws: ``Problem`` (408) when what has come so far came too slowly.
    func add(_ count: Int) throws(Problem) {
        let total = bytes.withLock { bytes in
            bytes += count
            return bytes
        }
        let time = elapsed()
        guard time > grace, Double(total) < Double(speedMin) * (time / .seconds(1)) else { return }
        throw Problem(.requestTimeout, "the body came slower than \(speedMin) bytes a second")
    }
}
