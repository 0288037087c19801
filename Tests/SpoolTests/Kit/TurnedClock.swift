import Documents
import Jobs
import Synchronization

/// A wall clock that moves only when a test turns it.
final class TurnedClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_795_485_600_000))

    var now: Timestamp { time.withLock { $0 } }

    var wallClock: WallClock { WallClock { self.now } }

    func turn(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
