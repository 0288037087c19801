import Documents
import Jobs
import Synchronization
import Threads

/// Limits the calls to one model.
///
/// All copies of a model share one limiter, so that a provider's refusal of one job's call holds for all jobs.
package final class ModelLimiter: Sendable {
    /// The longest wait for a permit; for a longer one the caller gets a ``ModelPause``, so that other jobs can run.
    static let sleepMax: Duration = .seconds(1)
    /// The default of `patience`: how long HTTP 429 answers cost a step no attempt.
    package static let patienceDefault: Duration = .seconds(86_400)

    private let patience: Duration
    private let clock: any Clock<Duration>
    private let stopwatch: Stopwatch
    /// Nil when the model's concurrency has no limit.
    private let semaphore: AsyncSemaphore?
    /// The reason that is shown while a call waits for permits that others hold.
    private let crowded: String
    private let state: Mutex<ModelLimiterState>
    private let waiters = WaiterQueue()

    /// - Parameters:
    ///   - patience: How long HTTP 429 answers cost a step no attempt.
    ///   - clock: Measures pauses and limits per minute.
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
        state = Mutex(ModelLimiterState(model, limits, at: .zero))
    }

    /// The limiter of a configured model.
    package convenience init(_ settings: ModelSettings, clock: any Clock<Duration>) {
        self.init(model: settings.name, limits: settings.limits, patience: settings.patience, clock: clock)
    }

    /// Lets a stopped model be called again at once, because an operator says that the cause may be gone.
    ///
    /// One call goes ahead, and the others wait for its outcome. A rest that the server asked for stays in force.
    package func probeNow() {
        let now = stopwatch.elapsed
        state.withLock { $0.probeNow(at: now) }
        waiters.wakeFirst()
    }

    /// How many calls wait for permits that others hold.
    var waiting: Int { semaphore?.waiting ?? 0 }

    /// How many calls wait for an answer to a call in flight, after a rest.
    var waitingForAnswer: Int { waiters.count }

    /// How long the model takes no calls, and why; nil when the limiter is open.
    var closed: ModelPause? {
        let now = stopwatch.elapsed
        return state.withLock { $0.closed(at: now) }
    }

    /// True after an error that only an operator can fix, until a later call is answered.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Waits for a permit of the model, and runs `body` while holding it.
    ///
    /// - Throws: ``ModelPause`` when the wait would exceed ``sleepMax``, `CancellationError`, else what `body` throws.
    func withPermit<Value>(_ body: (ModelPermit) async throws -> Value) async throws -> Value {
        guard let semaphore else { return try await enter(body) }
        // A call that would be refused after the wait for the semaphore need not wait for it.
        let now = stopwatch.elapsed
        if let pause = state.withLock({ $0.closed(at: now) }), pause.duration > Self.sleepMax { throw pause }
        return try await semaphore.withPermits(1, crowded) { try await enter(body) }
    }

    private func enter<Value>(_ body: (ModelPermit) async throws -> Value) async throws -> Value {
        let permit = ModelPermit(try await enter())
        defer {
            leave(permit)
            waiters.wakeFirst()
        }
        return try await body(permit)
    }

    private func leave(_ permit: ModelPermit) {
        let now = stopwatch.elapsed
        state.withLock { $0.leave(permit.entry, isUsed: permit.isUsed, at: now) }
    }

    private func enter() async throws -> ModelLimiterState.Entry {
        let deadline = stopwatch.elapsed + Self.sleepMax
        while true {
            let now = stopwatch.elapsed
            switch state.withLock({ $0.enter(at: now) }) {
            case .success(let entry):
                // The window may admit one more call.
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
                    // The call may have a place of its own; entering again early would give it a later one.
                    try await clock.sleep(for: wait)
                }
            }
        }
    }

    /// Runs one call: charges the limits before it, corrects them after it, and closes the limiter if the provider's
    /// answer requires that.
    ///
    /// - Parameters:
    ///   - tokens: The estimated tokens of the call.
    ///   - permit: The call's permit, whose charged request covers its first call; nil for a call without one.
    ///   - body: Throws ``ClassifiedError`` for what the provider refused, ``Failure`` for other failures.
    /// - Throws: ``ModelPause`` while the limiter is closed, without a call, and when the model's quota refused the call;
    ///   the failure of any other verdict; else what `body` throws.
    func call(tokens: Int, in permit: ModelPermit?, _ body: () async throws -> ChatAnswer) async throws -> ChatAnswer {
        let entry = try await begin(tokens: tokens, in: permit)
        defer { waiters.wakeFirst() }
        do {
            let answer = try await body()
            // If the server reports no usage, the estimate stays charged.
            let used = answer.usage.tokens > 0 ? answer.usage.tokens : tokens
            end(estimated: tokens, used: used) { state, _ in state.noteAnswer(to: entry) }
            return answer
        } catch let verdict as ClassifiedError {
            // A refused call is charged only the usage that its failure reports.
            let message = verdict.failure.message
            var pause: ModelPause?
            end(estimated: tokens, used: verdict.failure.usage?.tokens ?? 0) { state, now in
                switch verdict.effect {
                case .none: break
                case .rest(let named, let cause):
                    state.rest(named, cause, message, of: entry, at: now)
                    // A call that the quota refused waits like all others.
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

    /// Closes the limiter for `duration` at least.
    func pause(for duration: Duration, _ cause: String) {
        let now = stopwatch.elapsed
        state.withLock { $0.pause(for: duration, cause, at: now) }
    }

    /// Uses the permit's charged request, or charges one more; enters again if the limiter has closed or rested since the
    /// permit was given.
    private func begin(tokens: Int, in permit: ModelPermit?) async throws -> ModelLimiterState.Entry {
        let now = stopwatch.elapsed
        guard let permit else {
            return try state.withLock { state in
                if let pause = state.closed(at: now) { throw pause }
                state.charge(requests: 1, tokens: tokens, at: now)
                return state.passing
            }
        }
        let holds = state.withLock { state in
            guard state.holds(permit.entry, at: now) else { return false }
            state.charge(requests: permit.use() ? 1 : 0, tokens: tokens, at: now)
            return true
        }
        if holds { return permit.entry }
        let entry = try await enter()
        leave(permit)
        permit.enterAgain(entry)
        let later = stopwatch.elapsed
        state.withLock { $0.charge(tokens: tokens, at: later) }
        return entry
    }

    private func end(estimated: Int, used: Int, _ change: (inout ModelLimiterState, Duration) -> Void) {
        let now = stopwatch.elapsed
        state.withLock { state in
            state.charge(tokens: used - estimated, at: now)
            change(&state, now)
        }
    }
}
