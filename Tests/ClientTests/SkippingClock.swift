import Synchronization

/// A clock that jumps to the end of every pause, so that what waits on it comes to its end at once.
final class SkippingClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let time = Mutex(Instant(offset: .zero))
    private let inPause = Mutex<@Sendable () async throws -> Void>({})

    var now: Instant { time.withLock { $0 } }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline) }
        try await inPause.withLock(\.self)()
        await Task.yield()
    }

    /// Sets what happens in each pause.
    func duringPauses(_ body: @escaping @Sendable () async throws -> Void) { inPause.withLock { $0 = body } }
}
