import Jobs

/// A step that does one thing outside: asks a model or calls a tool.
struct Leaf: Sendable {
    var path: String
    var kind: StepKind
    var retry: RetryPolicy
    var effect: Effect?
    var tool: String?
    var model: String?
    var arguments: JSON?
    /// Whether a permanent failure is given to the model as the step's output instead of ending the job.
    var tellsModel = false
}

/// What one attempt brought.
struct AttemptResult: Sendable {
    var output: JSON
    var usage: Usage?
    /// The model as its provider names it.
    var model: String?
}

extension WorkflowRun {
    /// Runs a step until it is done, with its retries, or takes its output from the record.
    ///
    /// Intent is recorded before, outcome after every attempt; of a tool with an effect both are on disk in time
    /// (DESIGN section 4, step).
    func perform(
        _ leaf: Leaf,
        attempt body: @Sendable (_ attempt: Int) async throws -> AttemptResult
    ) async throws -> JSON {
        let entry = recorder.entry(of: leaf.path)
        switch entry?.status {
        case .completed: return entry?.output ?? .null
        case .skipped: return .null
        case .failed:
            guard let retryAt = entry?.retryAt else {
                throw Interruption.failed(step: leaf.path, entry?.failure ?? Failure(.permanent, "the step failed"))
            }
            try await wait(until: retryAt, reason: Self.reason(leaf, entry?.failure))
        case .running: try decideUnknownOutcome(leaf, entry)
        case nil: break
        }
        var attempts = entry?.attempts ?? 0
        var failures = entry?.failures ?? 0
        while true {
            try checkMayGoOn(leaf)
            attempts += 1
            let result = try await attempt(leaf, attempts, failures: failures, body)
            switch result {
            case .done(let output): return output
            case .tryAgain(let at, let failure):
                failures += 1
                try await wait(until: at, reason: Self.reason(leaf, failure))
            }
        }
    }

    private enum Progress {
        case done(JSON)
        case tryAgain(at: Timestamp, Failure)
    }

    private func attempt(
        _ leaf: Leaf,
        _ attempt: Int,
        failures: Int,
        _ body: @Sendable (_ attempt: Int) async throws -> AttemptResult
    ) async throws -> Progress {
        let start = StepStart(
            step: leaf.path,
            kind: leaf.kind,
            attempt: attempt,
            effect: leaf.effect,
            tool: leaf.tool,
            model: leaf.model,
            arguments: leaf.arguments
        )
        let hasEffect = leaf.effect == .write || leaf.effect == .idempotent
        try await recorder.record(.stepStarted(start), durably: hasEffect)
        let began = environment.wallClock.now
        do {
            let result = try await body(attempt)
            try await recorder.record(completion(leaf, attempt, began, result, nil), durably: true)
            return .done(result.output)
        } catch let failure as Failure {
            return try await settle(failure, leaf, attempt, failures: failures + 1, began)
        }
    }

    private func completion(
        _ leaf: Leaf,
        _ attempt: Int,
        _ began: Timestamp,
        _ result: AttemptResult,
        _ failure: Failure?
    ) -> JobEvent {
        .stepCompleted(
            StepCompletion(
                step: leaf.path,
                kind: leaf.kind,
                attempt: attempt,
                output: result.output,
                durationMilliseconds: milliseconds(since: began),
                tool: leaf.tool,
                model: result.model ?? leaf.model,
                usage: result.usage,
                failure: failure
            )
        )
    }

    private func milliseconds(since began: Timestamp) -> Int {
        max(0, Int((environment.wallClock.now - began).wholeMilliseconds))
    }

    private func settle(
        _ failure: Failure,
        _ leaf: Leaf,
        _ attempt: Int,
        failures: Int,
        _ began: Timestamp
    ) async throws -> Progress {
        var usage = failure.usage
        if leaf.tool != nil {
            usage = Usage()
            usage?.toolCalls = 1
        }
        // No outcome is recorded: the intent stands, and says that this may have happened.
        if failure.class == .unknown, leaf.effect == .write {
            throw Interruption.held(unknownOutcome(leaf, failure.message))
        }
        if leaf.tellsModel, failure.class == .permanent {
            let result = AttemptResult(output: ["error": .string(failure.message)], usage: usage)
            try await recorder.record(completion(leaf, attempt, began, result, failure), durably: true)
            return .done(result.output)
        }
        var retryAt: Timestamp?
        let mayRunAgain = failure.class == .temporary || failure.class == .unknown
        if mayRunAgain, failures < leaf.retry.attempts {
            let delay = leaf.retry.delay(
                after: failures,
                floor: failure.retryAfter,
                jitter: environment.jitter()
            )
            retryAt = environment.wallClock.now + delay
        }
        let event = StepFailure(
            step: leaf.path,
            kind: leaf.kind,
            attempt: attempt,
            failure: failure,
            retryAt: retryAt,
            durationMilliseconds: milliseconds(since: began),
            tool: leaf.tool,
            model: leaf.model,
            usage: usage
        )
        // A last failure is synced together with the end of the job.
        try await recorder.record(.stepFailed(event), durably: retryAt != nil)
        guard let retryAt else { throw Interruption.failed(step: leaf.path, failure) }
        return .tryAgain(at: retryAt, failure)
    }

    // MARK: Waiting

    private static func reason(_ leaf: Leaf, _ failure: Failure?) -> String {
        "step \(leaf.path) is tried again\(failure.map { " after: \($0.message)" } ?? "")"
    }

    private func wait(until time: Timestamp, reason: String) async throws {
        let left = time - environment.wallClock.now
        if left <= .zero { return }
        if left > environment.shortWaitMax { throw Interruption.deferred(until: time, reason: reason) }
        if recorder.isStopping { throw Interruption.stopping }
        try await recorder.pause(for: left)
    }

    private func checkMayGoOn(_ leaf: Leaf) throws {
        try Task.checkCancellation()
        if recorder.isStopping { throw Interruption.stopping }
        if let deadline = job.deadline, environment.wallClock.now >= deadline {
            let failure = Failure(
                .permanent,
                "the job's deadline, \(deadline.text), has passed",
                hint: "drop it again with a later deadline"
            )
            throw Interruption.expired(step: leaf.path, failure)
        }
    }

    // MARK: Unknown outcomes

    /// Decides by the tool's effect what becomes of a step that was begun and has no outcome (DESIGN section 5).
    private func decideUnknownOutcome(_ leaf: Leaf, _ entry: StepLedger.Entry?) throws {
        if leaf.effect == .write, entry?.pending != nil {
            throw Interruption.held(unknownOutcome(leaf, "the daemon died while it ran"))
        }
        let deaths = entry?.epochsWithoutOutcome ?? 0
        if deaths >= environment.deathsMax {
            let message =
                "the daemon died \(deaths) times while step \(leaf.path) ran; see whether the step brings it down, "
                + "then cancel the job or release it"
            throw Interruption.held(Hold(reason: .poison, step: leaf.path, message: message))
        }
    }

    private func unknownOutcome(_ leaf: Leaf, _ what: String) -> Hold {
        let message =
            "whether \(leaf.tool ?? "the tool") happened in step \(leaf.path) is not known: \(what). "
            + "It changes something each time it runs, so it was not run again; look where it writes"
        return Hold(reason: .unknownOutcome, step: leaf.path, message: message)
    }
}
