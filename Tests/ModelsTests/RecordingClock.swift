import Documents
import Synchronization

/// A clock that records every sleep and ends it at once.
final class RecordingClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let origin = ContinuousClock.now
    private let sleeps = Mutex<[Duration]>([])

    var slept: [Duration] { sleeps.withLock { $0 } }
    var now: Instant { origin }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        sleeps.withLock { $0.append(origin.duration(to: deadline)) }
    }
}
