import Documents
import Jobs
import Tools

/// The tool's effect decides what happens to a step that was begun and has no outcome (docs/job-life.md, section 4).
extension WorkflowRun {
    /// The output that a step already has: from its record, from the check of a call whose outcome is unknown, or from
    /// the job that this one resumes.
    ///
    /// - Returns: Nil when the step is to run.
    func knownOutput(of leaf: StepCall) async throws -> JSON? {
        let entry = recorder.entry(of: leaf.path)
        switch entry?.status {
        case .completed: return try await recordedOutput(leaf.path, entry)
        case .skipped: return .null
        case .failed:
            guard let retryAt = entry?.retryAt else {
                throw Interruption.failed(step: leaf.path, entry?.failure ?? Failure(.permanent, "the step failed"))
            }
            try await wait(until: retryAt, reason: Self.reason(leaf, entry?.failure))
        case .running: break
        case nil: return try await takeOver(leaf)
        }
        return try await resolveDoubt(leaf, "the daemon died while it ran")
    }

    /// Finds out whether a call whose outcome is unknown happened, if it must not run again unasked.
    ///
    /// - Parameter cause: Why the outcome is unknown.
    /// - Returns: The step's output when it happened; nil when it may run, for the first time or again.
    /// - Throws: A hold when only a person can tell, and when the daemon died while the step ran alone.
    func resolveDoubt(_ leaf: StepCall, _ cause: String) async throws -> JSON? {
        while let entry = recorder.entry(of: leaf.path), let start = entry.pending {
            // A server may now declare a tool harmless that was a write when it was called.
            guard leaf.effect == .write || start.effect == .write else {
                try checkSurvives(leaf, entry)
                return nil
            }
            try checkMayGoOn(leaf.path)
            let began = environment.wallClock.now
            do {
                switch try await leaf.check?(start) {
                case .happened(let output):
                    let result = AttemptResult(output: output, usage: .oneToolCall)
                    var completion = completion(leaf, start.attempt, began, result)
                    completion.isChecked = true
                    try await recorder.record(.stepCompleted(completion), durably: true)
                    return output
                case .didNotHappen:
                    try checkSurvives(leaf, entry)
                    return nil
                case nil: throw Interruption.held(unknownOutcome(leaf, cause))
                }
            } catch let failure as Failure {
                try await noteFailedCheck(failure, leaf, entry, start)
            }
        }
        return nil
    }

    /// Records that the check failed: it runs again later, and in the end a person is asked.
    private func noteFailedCheck(
        _ failure: Failure,
        _ leaf: StepCall,
        _ entry: StepLedger.Entry,
        _ start: StepStart
    ) async throws {
        let mayAskAgain = failure.class == .temporary
        let retryAt = mayAskAgain ? retryTime(leaf, failure, failures: entry.failures + 1) : nil
        let doubt = Failure(.unknown, "whether it happened could not be found out: \(failure.message)")
        let event = StepFailure(
            step: leaf.path,
            kind: leaf.kind,
            attempt: start.attempt,
            failure: doubt,
            // Without a time the step would have failed for good, and no check could follow.
            retryAt: retryAt ?? environment.wallClock.now,
            tool: leaf.tool
        )
        try await recorder.record(.stepFailed(event), durably: true)
        guard let retryAt else { throw Interruption.held(unknownOutcome(leaf, doubt.message)) }
        try await wait(until: retryAt, reason: Self.reason(leaf, doubt))
    }

    /// Holds a step when the daemon died while the step ran alone: that was no coincidence.
    private func checkSurvives(_ leaf: StepCall, _ entry: StepLedger.Entry) throws {
        guard entry.diedAlone else { return }
        let message =
            "the daemon died \(entry.deaths) times while step \(leaf.path) ran, at last while it ran alone; see whether "
            + "the step brings it down, then cancel the job or release it"
        throw Interruption.held(Hold(reason: .poison, step: leaf.path, message: message))
    }

    private func unknownOutcome(_ leaf: StepCall, _ cause: String) -> Hold {
        let message =
            "whether \(leaf.tool ?? "the tool") happened in step \(leaf.path) is not known: \(cause). "
            + "It changes something each time it runs, so it was not run again; look where it writes, then "
            + "release it with --assume-done OUTPUT or --again, or deny it"
        return Hold(reason: .unknownOutcome, step: leaf.path, message: message)
    }
}
