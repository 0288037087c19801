import Jobs
import Synchronization

/// How far an answer has come: told by the task that reads it, watched by the one that waits for its next byte.
final class CallProgress: Sendable {
    private struct State {
        var lastByteAt: Duration?
        var usage: JSON?
    }

    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let state = Mutex(State())
    private let (firstByte, firstByteCame) = AsyncStream.makeStream(of: Void.self)

    init(_ clock: any Clock<Duration>) {
        self.clock = clock
        stopwatch = Stopwatch(clock)
    }

    /// What the provider has said was used.
    var usage: JSON? { state.withLock { $0.usage } }

    func note(usage: JSON?) { state.withLock { $0.usage = usage } }

    func noteBytes() {
        let now = stopwatch.elapsed
        state.withLock { $0.lastByteAt = now }
        firstByteCame.finish()
    }

    /// Returns when no byte came for `limit` since the last one. The first one may take its time: a long prompt is
    /// read before the answer begins, and the call's whole time-out holds for that.
    ///
    /// - Throws: `CancellationError`.
    func stall(after limit: Duration) async throws {
        for await _ in firstByte {}
        var quiet = Duration.zero
        while quiet < limit {
            try await clock.sleep(for: limit - quiet)
            quiet = stopwatch.elapsed - (state.withLock { $0.lastByteAt } ?? .zero)
        }
    }
}
