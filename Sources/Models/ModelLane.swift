import Jobs
import Synchronization

/// The way to one model: who may ask it now. All copies of a model share one, so that what a provider told one job
/// holds for all.
package final class ModelLane: Sendable {
    /// A turn sleeps this long at the most; for longer waits the job gives its place to others.
    static let sleepMax: Duration = .seconds(1)
    /// For how long answers of 429 to a step cost it no attempt, where the configuration names no `patience`.
    package static let patienceDefault: Duration = .seconds(86_400)

    private let patience: Duration
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    /// Nil without a limit of the model's concurrency.
    private let semaphore: AsyncSemaphore?
    /// Why a turn waits for others to end.
    private let crowded: String
    private let state: Mutex<LaneState>
    private let waiters = LaneWaiters()

    /// - Parameters:
    ///   - patience: How long a step may wait for a model that answers it with 429 before that costs attempts.
    ///   - clock: On which pauses and limits per minute run.
    init(
        model: String,
        limits: ModelLimits,
        patience: Duration = patienceDefault,
        clock: any Clock<Duration>
    ) {
        (self.patience, self.clock) = (patience, clock)
        stopwatch = Stopwatch(clock)
        crowded = "the model \(model) answers \(limits.concurrency ?? 0) others, as many as limits.concurrency allows"
        semaphore = limits.concurrency.map(AsyncSemaphore.init(permits:))
        state = Mutex(LaneState(model, limits, at: .zero))
    }

    /// The lane of one model of the configuration.
    package convenience init(_ settings: ModelSettings, clock: any Clock<Duration>) {
        self.init(model: settings.name, limits: settings.limits, patience: settings.patience, clock: clock)
    }

    /// Has a model that was stopped asked again at once: a person says that the cause may be gone. One call goes ahead,
    /// and the others wait for what comes of it; a rest that a server has asked for is kept.
    package func askAgain() {
        let now = stopwatch.elapsed
        state.withLock { $0.askAgain(at: now) }
        waiters.wakeFirst()
    }

    /// How many turns wait for others to end.
    var waiting: Int { semaphore?.waiting ?? 0 }

    /// How many turns wait for an answer to those under way, after a rest.
    var waitingForAnswer: Int { waiters.count }

    /// For how long the model is not asked, and why; nil when it may be.
    var closed: ModelPause? {
        let now = stopwatch.elapsed
        return state.withLock { $0.closed(at: now) }
    }

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
        return try await semaphore.withPermits(1, crowded) { try await turn(body) }
    }

    private func turn<Value>(_ body: (LaneTurn) async throws -> Value) async throws -> Value {
        let turn = LaneTurn(try await enter())
        defer {
            leave(turn)
            waiters.wakeFirst()
        }
        return try await body(turn)
    }

    private func leave(_ turn: LaneTurn) {
        let now = stopwatch.elapsed
        state.withLock { $0.leave(turn.entry, isUsed: turn.isUsed, at: now) }
    }

    private func enter() async throws -> LaneState.Entry {
        let deadline = stopwatch.elapsed + Self.sleepMax
        while true {
            let now = stopwatch.elapsed
            switch state.withLock({ $0.enter(at: now) }) {
            case .success(let entry):
                // There may be room for one more.
                waiters.wakeFirst()
                return entry
            case .failure(let refusal):
                let wait = min(refusal.pause.duration, deadline - now)
                if wait <= .zero || (!refusal.endsWithAnswer && refusal.pause.duration > deadline - now) {
                    throw refusal.pause
                }
                if refusal.endsWithAnswer {
                    try await waiters.wait(upTo: wait, clock)
                } else {
                    // Its place is its own: asking again before would give it a later one.
                    try await clock.sleep(for: wait)
                }
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
    /// - Throws: ``ModelPause`` while the lane is closed, without a call, and when the model's quota refused the call;
    ///   else what `body` throws, of a verdict the failure.
    func call(tokens: Int, in turn: LaneTurn?, _ body: () async throws -> ChatAnswer) async throws -> ChatAnswer {
        let entry = try await begin(tokens: tokens, in: turn)
        defer { waiters.wakeFirst() }
        do {
            let answer = try await body()
            // A server that does not say what was used leaves the estimate.
            let used = answer.usage.tokens > 0 ? answer.usage.tokens : tokens
            end(estimated: tokens, used: used) { state, _ in state.noteAnswer(to: entry) }
            return answer
        } catch let verdict as ProviderVerdict {
            // Nothing was used, so the whole estimate goes back.
            let message = verdict.failure.message
            var pause: ModelPause?
            end(estimated: tokens, used: verdict.failure.usage?.tokens ?? 0) { state, now in
                switch verdict.effect {
                case .none: break
                case .rest(let named, let cause):
                    state.rest(named, cause, message, of: entry, at: now)
                    // What the quota refuses waits as all others do.
                    if cause == .quota { pause = state.closed(at: now) ?? ModelPause(for: .zero, message) }
                case .stop: state.stop(message, seen: entry.stops, at: now)
                }
            }
            guard var pause else { throw verdict.failure }
            (pause.patience, pause.usage) = (patience, verdict.failure.usage)
            throw pause
        } catch {
            end(estimated: tokens, used: (error as? Failure)?.usage?.tokens ?? tokens) { _, _ in }
            throw error
        }
    }

    /// Closes the lane for `duration` at least.
    func pause(for duration: Duration, _ cause: String) {
        let now = stopwatch.elapsed
        state.withLock { $0.pause(for: duration, cause, at: now) }
    }

    /// Takes the turn's request, or one more; where the model has rested since the turn began, it waits for another.
    private func begin(tokens: Int, in turn: LaneTurn?) async throws -> LaneState.Entry {
        let now = stopwatch.elapsed
        guard let turn else {
            return try state.withLock { state in
                if let pause = state.closed(at: now) { throw pause }
                state.charge(requests: 1, tokens: tokens, at: now)
                return state.passing
            }
        }
        let holds = state.withLock { state in
            guard state.holds(turn.entry, at: now) else { return false }
            state.charge(requests: turn.use() ? 1 : 0, tokens: tokens, at: now)
            return true
        }
        if holds { return turn.entry }
        let entry = try await enter()
        leave(turn)
        turn.enterAgain(entry)
        let later = stopwatch.elapsed
        state.withLock { $0.charge(tokens: tokens, at: later) }
        return entry
    }

    private func end(estimated: Int, used: Int, _ change: (inout LaneState, Duration) -> Void) {
        let now = stopwatch.elapsed
        state.withLock { state in
            state.charge(tokens: used - estimated, at: now)
            change(&state, now)
        }
    }
}
