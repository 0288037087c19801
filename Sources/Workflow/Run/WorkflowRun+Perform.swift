import Documents
import Jobs
import Models
import Synchronization
import Threads

extension WorkflowRun {
    /// Runs a step until it is done, with its retries, or takes its output from the record.
    ///
    /// It records the intent before and the outcome after every attempt; of a tool with an effect both are durable in
    /// time (docs/job-life.md, section 3).
    func perform(
        _ leaf: StepCall,
        attempt body: @Sendable (Attempt) async throws -> AttemptResult
    ) async throws -> JSON {
        if !leaf.isPastKnown, let output = try await knownOutput(of: leaf) { return output }
        while true {
            try checkMayGoOn(leaf.path)
            switch try await takeTurn(leaf, body) {
            case .done(let output): return output
            case .tryAgain(let at, let reason): try await wait(until: at, reason: reason)
            case .waitForModel(let until, let reason):
                try await wait(until: until, reason: reason, inMemory: environment.modelWaitMax)
            }
        }
    }

    /// Takes the output of a step that asked the same in the job that this one resumes.
    func takeOver(_ leaf: StepCall) async throws -> JSON? {
        let question = StepQuestion(step: leaf.path, asked: leaf.asked, loops: workflow.definition.loops)
        guard let earlier = try await recorder.earlierOutput(of: question) else { return nil }
        let output = earlier.output
        var completion = StepCompletion(
            step: leaf.path,
            kind: leaf.kind,
            output: output,
            tool: leaf.tool,
            model: leaf.model?.name
        )
        (completion.asked, completion.isResumed, completion.answer) = (leaf.asked, true, earlier.answer)
        try await recorder.record(.stepCompleted(completion), durably: leaf.effect == .write)
        return output
    }

    enum Progress: Sendable {
        case done(JSON)
        case tryAgain(at: Timestamp, reason: String)
        /// The model rests; this counts as no attempt.
        case waitForModel(until: Timestamp, reason: String)
    }

    /// Makes one attempt once the step is under way and has a turn of the model; while the model rests, it makes none.
    ///
    /// The order prevents a deadlock: a step that held a turn while it waited for a worker, or for a suspected step to
    /// end, could wait for steps that wait for that turn.
    private func takeTurn(
        _ leaf: StepCall,
        _ body: @Sendable (Attempt) async throws -> AttemptResult
    ) async throws -> Progress {
        let entry = recorder.entry(of: leaf.path)
        let suspicion = suspicion(of: leaf, entry)
        return try await recorder.underWay(leaf.path, suspicion: suspicion) { isAlone in
            // The wait may have been long, here and below.
            try checkMayGoOn(leaf.path)
            let alone = isAlone ? suspicion : nil
            guard let model = leaf.model else { return try await attempt(leaf, nil, entry, alone, body) }
            do {
                return try await model.withPermit { model in
                    try checkMayGoOn(leaf.path)
                    return try await attempt(leaf, model, entry, alone, body)
                }
            } catch let pause as ModelPause {
                let until = environment.wallClock.now + pause.duration
                return .waitForModel(until: until, reason: Self.reason(leaf, pause))
            }
        }
    }

    /// The suspicion against a step during which the daemon died often enough; nil for others.
    private func suspicion(of leaf: StepCall, _ entry: StepLedger.Entry?) -> Suspicion? {
        guard let deaths = entry?.deaths, deaths >= environment.deathsMax else { return nil }
        return Suspicion(step: leaf.path, deaths: deaths)
    }

    /// - Parameter alone: The suspicion against a step that runs alone; nil for others.
    private func attempt(
        _ leaf: StepCall,
        _ model: (any ChatModel)?,
        _ entry: StepLedger.Entry?,
        _ alone: Suspicion?,
        _ body: @Sendable (Attempt) async throws -> AttemptResult
    ) async throws -> Progress {
        let reservation = try reserve(leaf.worstCase(model), leaf.path)
        let more = Mutex<[JobBudget.Reservation]>([])
        var used = Usage()
        defer {
            job.budget.settle(reservation, used: used)
            for reservation in more.withLock(\.self) { job.budget.settle(reservation, used: Usage()) }
        }
        let number = (entry?.attempts ?? 0) + 1
        var attempt = Attempt(number: number, request: number + (entry?.refusals ?? 0), model: model)
        attempt.reserveMore = { [job, environment] most throws(OverBudget) in
            let reservation = try job.budget.reserve(most, at: environment.wallClock.now)
            more.withLock { $0.append(reservation) }
        }
        let hasEffect = leaf.effect == .write || leaf.effect == .idempotent
        // The record that the step runs alone is durable before it runs: otherwise another death would not count
        // against it.
        let start = start(of: leaf, number, model: model?.name, isAlone: alone != nil)
        try await recorder.record(start, durably: hasEffect || alone != nil)
        let began = environment.wallClock.now
        if leaf.tool != nil { used = .oneToolCall }
        do {
            let result =
                if let alone {
                    try await WaitReasons.during(alone.runs) { try await body(attempt) }
                } else {
                    try await body(attempt)
                }
            used = result.usage ?? used
            let completed = JobEvent.stepCompleted(completion(leaf, number, began, result))
            try await recorder.record(completed, durably: !isLast(leaf.path))
            return .done(result.output)
        } catch let failure as Failure {
            used = failure.usage ?? used
            let trial = FailedAttempt(
                leaf: leaf,
                attempt: attempt.number,
                failures: (entry?.failures ?? 0) + 1,
                began: began
            )
            return try await handle(failure, trial, used == Usage() ? nil : used)
        } catch let pause as ModelPause {
            used = pause.usage ?? Usage()
            if let patience = pause.patience, let since = entry?.refusedSince, began - since >= patience {
                let trial = FailedAttempt(
                    leaf: leaf,
                    attempt: number,
                    failures: (entry?.failures ?? 0) + 1,
                    began: began
                )
                let failure = Failure(.temporary, pause.reason, retryAfter: pause.duration)
                return try await handle(failure, trial, pause.usage)
            }
            return try await recordWait(leaf, number, pause)
        }
    }

    private func start(of leaf: StepCall, _ attempt: Int, model: String?, isAlone: Bool) -> JobEvent {
        var start = StepStart(
            step: leaf.path,
            kind: leaf.kind,
            attempt: attempt,
            effect: leaf.effect,
            tool: leaf.tool,
            model: model,
            arguments: leaf.arguments
        )
        // A job that resumes this one finds by this digest what a person decided about a call whose outcome is unknown.
        if leaf.effect == .write { start.asked = leaf.asked }
        start.isAlone = isAlone
        return .stepStarted(start)
    }

    /// Records that the begun attempt does not count: the model rests, or its quota refused the request.
    private func recordWait(_ leaf: StepCall, _ number: Int, _ pause: ModelPause) async throws -> Progress {
        let until = environment.wallClock.now + pause.duration
        let wait = StepWait(
            step: leaf.path,
            kind: leaf.kind,
            attempt: number,
            until: until,
            reason: pause.reason,
            wasAsked: pause.patience != nil,
            model: leaf.model?.name,
            usage: pause.usage
        )
        try await recorder.record(.stepWaits(wait), durably: false)
        return .waitForModel(until: until, reason: Self.reason(leaf, pause))
    }

    /// Whether only the end of the job follows a step: the step's outcome is then synced together with that end.
    private func isLast(_ path: String) -> Bool { path == workflow.definition.steps.last?.id }

    /// Reserves the most that a call may use, or holds the job.
    func reserve(_ most: Usage, _ path: String) throws -> JobBudget.Reservation {
        do {
            return try job.budget.reserve(most, at: environment.wallClock.now)
        } catch {
            throw Interruption.held(overBudget(path, error))
        }
    }

    private func overBudget(_ path: String, _ over: OverBudget) -> Hold {
        let message =
            "step \(path) was not begun: \(over.message); release it \(over.remedy), or cancel it"
        return Hold(reason: .overBudget, step: path, message: message)
    }

    func completion(
        _ leaf: StepCall,
        _ attempt: Int,
        _ began: Timestamp,
        _ result: AttemptResult,
        _ failure: Failure? = nil
    ) -> StepCompletion {
        var completion = StepCompletion(
            step: leaf.path,
            kind: leaf.kind,
            attempt: attempt,
            output: result.output,
            durationMilliseconds: milliseconds(since: began),
            tool: leaf.tool,
            model: result.model ?? leaf.model?.name,
            usage: result.usage,
            failure: failure
        )
        completion.fallback = result.fallback
        completion.rejectedOutputs = result.rejectedOutputs
        completion.answer = result.facts
        completion.asked = leaf.asked
        return completion
    }

    private func milliseconds(since began: Timestamp) -> Int {
        max(0, Int((environment.wallClock.now - began).wholeMilliseconds))
    }

    /// An attempt that failed.
    private struct FailedAttempt {
        var leaf: StepCall
        var attempt: Int
        /// Failures since the job was accepted or retried, this one included.
        var failures: Int
        var began: Timestamp
    }

    private func handle(_ failure: Failure, _ trial: FailedAttempt, _ used: Usage?) async throws -> Progress {
        let leaf = trial.leaf
        // No outcome is recorded: the recorded intent says that the call may have happened.
        if failure.class == .unknown, leaf.effect == .write {
            if let output = try await resolveDoubt(leaf, failure.message) { return .done(output) }
            var unmade = failure
            unmade.class = .temporary
            unmade.message += "; its check says that it did not happen"
            return try await record(unmade, trial, used, mayRunAgain: true)
        }
        if leaf.tellsModel, failure.class == .permanent {
            let result = AttemptResult(output: ["error": .string(failure.message)], usage: used)
            let completion = completion(leaf, trial.attempt, trial.began, result, failure)
            try await recorder.record(.stepCompleted(completion), durably: true)
            return .done(result.output)
        }
        let mayRunAgain = failure.class == .temporary || failure.class == .unknown
        return try await record(failure, trial, used, mayRunAgain: mayRunAgain)
    }

    private func record(
        _ failure: Failure,
        _ trial: FailedAttempt,
        _ used: Usage?,
        mayRunAgain: Bool
    ) async throws -> Progress {
        let leaf = trial.leaf
        // A budget that is used up in the middle of a step holds the job; the step goes on after a release.
        let isOver = failure.class == .limit && leaf.model != nil
        let retryAt =
            isOver
            ? environment.wallClock.now : mayRunAgain ? retryTime(leaf, failure, failures: trial.failures) : nil
        let event = StepFailure(
            step: leaf.path,
            kind: leaf.kind,
            attempt: trial.attempt,
            failure: failure,
            retryAt: retryAt,
            durationMilliseconds: milliseconds(since: trial.began),
            tool: leaf.tool,
            model: leaf.model?.name,
            usage: used
        )
        // A last failure is synced together with the end of the job.
        try await recorder.record(.stepFailed(event), durably: retryAt != nil)
        if isOver { throw Interruption.held(Hold(reason: .overBudget, step: leaf.path, message: failure.message)) }
        guard let retryAt else { throw Interruption.failed(step: leaf.path, failure) }
        return .tryAgain(at: retryAt, reason: Self.reason(leaf, failure))
    }

    /// When the next attempt is due; nil when there is none.
    func retryTime(_ leaf: StepCall, _ failure: Failure, failures: Int) -> Timestamp? {
        guard failures < leaf.retry.attempts else { return nil }
        let delay = leaf.retry.delay(after: failures, floor: failure.retryAfter, jitter: environment.jitter())
        return environment.wallClock.now + delay
    }

    // MARK: Waiting

    static func reason(_ leaf: StepCall, _ failure: Failure?) -> String {
        "step \(leaf.path) is tried again\(failure.map { " after: \($0.message)" } ?? "")"
    }

    static func reason(_ leaf: StepCall, _ pause: ModelPause) -> String { "step \(leaf.path) waits: \(pause.reason)" }

    /// - Parameter inMemory: Waits up to this long do not move the job; nil for the environment's `shortWaitMax`.
    func wait(until time: Timestamp, reason: String, inMemory: Duration? = nil) async throws {
        var time = time
        // No wait goes on after the job's deadline.
        if let deadline = job.deadline, deadline < time { time = deadline }
        let left = time - environment.wallClock.now
        if left <= .zero { return }
        if left > inMemory ?? environment.shortWaitMax { throw Interruption.deferred(until: time, reason: reason) }
        if recorder.isStopping { throw Interruption.stopping }
        try await WaitReasons.during(reason) { try await recorder.pause(for: left) }
    }

    func checkMayGoOn(_ path: String) throws {
        try Task.checkCancellation()
        if recorder.isStopping { throw Interruption.stopping }
        if let deadline = job.deadline, environment.wallClock.now >= deadline {
            let failure = Failure(
                .permanent,
                "the job's deadline, \(deadline.text), has passed",
                hint: "drop it again with a later deadline"
            )
            throw Interruption.expired(step: path, failure)
        }
    }
}
