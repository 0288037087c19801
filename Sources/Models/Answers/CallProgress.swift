import Documents
import Jobs
import Synchronization
import Threads

/// The progress of an answer: the reading task reports it, and other tasks wait for a stall or for the answer's end.
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

    /// The usage that the provider has reported.
    var usage: JSON? { state.withLock { $0.usage } }
    /// Whether the answer is a stream of events.
    var isStream: Bool { state.withLock { $0.isStream } }
    /// Whether a stream has delivered a part of the answer.
    var hasWords: Bool { state.withLock { $0.hasWords } }
    /// The complete answer of a stream that has sent its finish reason and is still open.
    var whole: ProviderCall.Answer? { state.withLock { $0.whole } }

    /// - Parameter hasWords: Whether the bytes held a part of the answer, and not only comments.
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

    /// Returns when no byte has come for `limit`, or no part of the answer for `silenceMax`.
    ///
    /// Neither limit applies before the first byte: the model reads a long prompt first, and the call's timeout covers
    /// that.
    ///
    /// - Returns: ``ConnectionFailure/Stalled`` or ``ConnectionFailure/Silent``.
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

    /// Returns the answer once it is complete and its stream has been quiet for `grace`.
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
