package import Documents
import Synchronization

/// A wall clock that stands still until a test turns it.
package final class ManualWallClock: Sendable {
    private let time: Mutex<Timestamp>

    /// Stands at 2026-11-24T02:00:00Z when no other time is given.
    package init(_ start: Timestamp = Timestamp(milliseconds: 1_795_485_600_000)) { time = Mutex(start) }

    package var now: Timestamp { time.withLock { $0 } }

    package func turn(by duration: Duration) { time.withLock { $0 = $0 + duration } }

    package func turn(to moment: Timestamp) { time.withLock { $0 = moment } }

    package var wallClock: WallClock { WallClock { self.now } }
}
