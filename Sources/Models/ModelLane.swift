import Jobs
import Synchronization

/// The way to one model: who may ask it now. All copies of a model share one, so that what a provider told one job
/// holds for all.
package final class ModelLane: Sendable {
    /// A turn sleeps this long at the most; for longer waits the job gives its place to others.
    static let sleepMax: Duration = .seconds(1)

    private let model: String
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    /// Nil without a limit of the model's concurrency.
    private let semaphore: AsyncSemaphore?
    private let state: Mutex<LaneState>

    /// - Parameter clock: On which pauses and limits per minute run.
    init(model: String, limits: ModelLimits, clock: any Clock<Duration>) {
        (self.model, self.clock) = (model, clock)
        stopwatch = Stopwatch(clock)
        semaphore = limits.concurrency.map(AsyncSemaphore.init(permits:))
        state = Mutex(LaneState(limits, at: .zero))
    }

    /// How many turns wait for others to end.
    var waiting: Int { semaphore?.waiting ?? 0 }

    /// True after an answer that only a person can help with, until a call is answered again.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Waits for one of the model's places, and runs `body` while holding it.
    ///
    /// - Throws: ``ModelPause`` where more than ``sleepMax`` is to be waited, `CancellationError`, else what `body`
    ///   throws.
    func withTurn<Value>(_ body: (LaneTurn) async throws -> Value) async throws -> Value {
        guard let semaphore else { return try await turn(body) }
        // Who would be turned away at the end of the line need not stand in it.
        let now = stopwatch.elapsed
        if let pause = state.withLock({ $0.closed(at: now) }), pause.duration > Self.sleepMax { throw pause }
        return try await semaphore.withPermit { try await turn(body) }
    }

    private func turn<Value>(_ body: (LaneTurn) async throws -> Value) async throws -> Value {
        let turn = try await enter()
        defer {
            let now = stopwatch.elapsed
            state.withLock { $0.leave(turn.entry, isUsed: turn.isUsed, at: now) }
        }
        return try await body(turn)
    }

    private func enter() async throws -> LaneTurn {
        var patience = Self.sleepMax
        while true {
            let now = stopwatch.elapsed
            switch state.withLock({ $0.enter(at: now) }) {
            case .success(let entry): return LaneTurn(entry)
            case .failure(let pause):
                if pause.duration > patience { throw pause }
                patience -= pause.duration
                try await clock.sleep(for: pause.duration)
            }
        }
    }

    /// Runs one call: charges the limits before, corrects them after, and closes the lane for all when the
    /// provider's answer says so.
    ///
    /// - Parameters:
    ///   - tokens: The estimate.
    ///   - turn: The turn that the call belongs to; its first call is the request that it took.
    ///   - body: Throws ``ProviderVerdict`` for what the provider refused, ``Failure`` for other failures.
    /// - Throws: ``Failure``, temporary and without a call, while the lane is closed; else what `body` throws, of a
    ///   verdict the failure.
    func call(tokens: Int, in turn: LaneTurn?, _ body: () async throws -> ChatAnswer) async throws -> ChatAnswer {
        let seen = try begin(tokens: tokens, in: turn)
        do {
            let answer = try await body()
            // A server that does not say what was used leaves the estimate.
            let used = answer.usage.tokens > 0 ? answer.usage.tokens : tokens
            end(estimated: tokens, used: used) { state, _ in state.reopen(seen: seen) }
            return answer
        } catch let verdict as ProviderVerdict {
            // Nothing was used, so the whole estimate goes back.
            end(estimated: tokens, used: verdict.failure.usage?.tokens ?? 0) { state, now in
                switch verdict.effect {
                case .none: break
                case .pause(let duration): state.pause(for: duration, verdict.failure.message, at: now)
                case .stop: state.stop(verdict.failure.message, seen: seen, at: now)
                }
            }
            throw verdict.failure
        } catch {
            end(estimated: tokens, used: (error as? Failure)?.usage?.tokens ?? tokens) { _, _ in }
            throw error
        }
    }

    /// Closes the lane for `duration` at least.
    func pause(for duration: Duration, _ reason: String) {
        let now = stopwatch.elapsed
        state.withLock { $0.pause(for: duration, reason, at: now) }
    }

    /// - Returns: The lane's stops so far.
    private func begin(tokens: Int, in turn: LaneTurn?) throws(Failure) -> Int {
        let now = stopwatch.elapsed
        let begun: Result<Int, ModelPause> = state.withLock { state in
            if let pause = state.closed(at: now) { return .failure(pause) }
            state.charge(requests: turn?.use() == true ? 0 : 1, tokens: tokens, at: now)
            return .success(state.stops)
        }
        do {
            return try begun.get()
        } catch {
            throw Failure(
                .temporary,
                "the model \(model) is not asked for \(error.duration.roundedText): \(error.reason)",
                retryAfter: error.duration
            )
        }
    }

    private func end(estimated: Int, used: Int, _ change: (inout LaneState, Duration) -> Void) {
        let now = stopwatch.elapsed
        state.withLock { state in
            state.charge(tokens: used - estimated, at: now)
            change(&state, now)
        }
    }
}
