import Jobs
import Synchronization

/// How far an answer has come: told by the task that reads it, watched by those that wait for its next byte or its end.
final class CallProgress: Sendable {
    private struct State {
        var lastByteAt: Duration?
        var lastWordAt: Duration?
        var isStream = false
        var hasWords = false
        var usage: JSON?
        var whole: ProviderCall.Answer?
    }

    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    private let state = Mutex(State())
    private let (firstByte, firstByteCame) = AsyncStream.makeStream(of: Void.self)
    private let (answerEnd, answerEnded) = AsyncStream.makeStream(of: Void.self)

    init(_ clock: any Clock<Duration>) {
        self.clock = clock
        stopwatch = Stopwatch(clock)
    }

    /// What the provider has said was used.
    var usage: JSON? { state.withLock { $0.usage } }
    /// Whether the answer comes in events.
    var isStream: Bool { state.withLock { $0.isStream } }
    /// Whether a part of the answer itself has come.
    var hasWords: Bool { state.withLock { $0.hasWords } }
    /// The answer of a stream that has said why it ended, and goes on.
    var whole: ProviderCall.Answer? { state.withLock { $0.whole } }

    /// - Parameter hasWords: Whether there were words among the bytes, and not only comments.
    func noteBytes(isStream: Bool = false, hasWords: Bool = true, usage: JSON? = nil) {
        let now = stopwatch.elapsed
        state.withLock { state in
            state.lastByteAt = now
            state.isStream = isStream
            if state.lastWordAt == nil || hasWords { state.lastWordAt = now }
            if isStream, hasWords { state.hasWords = true }
            state.usage = usage ?? state.usage
        }
        firstByteCame.finish()
    }

    func note(whole answer: ProviderCall.Answer) {
        state.withLock { $0.whole = answer }
        answerEnded.finish()
    }

    /// Returns when no byte came for `limit` since the last one, or no word for `silenceMax`. The first byte may take
    /// its time: a long prompt is read before the answer begins, and the call's whole time-out holds for that.
    ///
    /// - Returns: What is wrong.
    /// - Throws: `CancellationError`.
    func stall(after limit: Duration, silenceMax: Duration) async throws -> any Error {
        for await _ in firstByte {}
        while true {
            let now = stopwatch.elapsed
            let (byte, word) = state.withLock { ($0.lastByteAt ?? .zero, $0.lastWordAt ?? .zero) }
            if now - byte >= limit { return ConnectionFailure.Stalled(limit: limit) }
            if now - word >= silenceMax { return ConnectionFailure.Silent(limit: silenceMax) }
            try await clock.sleep(for: min(limit - (now - byte), silenceMax - (now - word)))
        }
    }

    /// Returns the answer when it is whole and nothing more of its stream came for `grace`.
    ///
    /// - Throws: `CancellationError`.
    func end(after grace: Duration) async throws -> ProviderCall.Answer? {
        for await _ in answerEnd {}
        while true {
            let quiet = stopwatch.elapsed - (state.withLock { $0.lastByteAt } ?? .zero)
            if quiet >= grace { return whole }
            try await clock.sleep(for: grace - quiet)
        }
    }
}
