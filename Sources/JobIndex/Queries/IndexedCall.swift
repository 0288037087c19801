package import Documents
package import Jobs

/// The row of one attempt to call a model or a tool, from its start on.
package struct IndexedCall: Sendable, Equatable {
    package enum Status: String, Sendable {
        case running, completed, failed
        /// It began, and its end will never be known: the daemon died, or the job left the daemon.
        case unknown
    }

    /// The sequence number of the record that the row shows; a row never replaces a newer one.
    package var seq: Int
    package var step: String
    /// The model or the tool, where the record names it.
    package var name: String?
    /// From 1.
    package var attempt: Int
    package var effect: Effect?
    /// Redacted, on one line, cut short.
    package var arguments: String?
    package var status: Status
    /// Redacted, on one line, cut short.
    package var output: String?
    package var failureClass: FailureClass?
    /// What went wrong, redacted, on one line and cut short.
    package var message: String?
    package var durationMilliseconds: Int
    /// The cached ones included; 0 for tools.
    package var inputTokens: Int
    package var cachedInputTokens: Int
    package var outputTokens: Int
    /// US dollars; 0 where no price is configured.
    package var costUSD: Double
    /// When it ended; for a running one, when it began.
    package var at: Timestamp
}

extension IndexedCall {
    enum Table: String, Sendable, CaseIterable {
        case model = "model_calls"
        case tool = "tool_calls"

        /// The column that holds the name.
        var nameColumn: String {
            switch self {
            case .model: "model"
            case .tool: "tool"
            }
        }
    }

    /// Merges this call with an earlier row of the same attempt.
    ///
    /// Fields that only the start has stay when the end comes, and the same record again changes nothing.
    func merged(with earlier: IndexedCall) -> IndexedCall {
        var merged = seq > earlier.seq ? self : earlier
        merged.effect = effect ?? earlier.effect
        merged.arguments = arguments ?? earlier.arguments
        return merged
    }

    /// The call that a record began or ended, with its table; nil when it is about none.
    static func call(of record: HistoryRecord) -> (table: Table, call: IndexedCall)? {
        switch record.event {
        case .stepStarted(let step):
            guard let table = Table(step.kind, model: step.model) else { return nil }
            let name = table == .model ? step.model : step.tool
            var call = IndexedCall(record, step: step.step, name: name, attempt: step.attempt, .running)
            (call.effect, call.arguments) = (step.effect, step.summary)
            return (table, call)
        case .stepCompleted(let step) where !step.isSkipped:
            guard let table = Table(step.kind, model: step.model) else { return nil }
            let name = table == .model ? step.model : step.tool
            let status: Status = step.failure == nil ? .completed : .failed
            var call = IndexedCall(record, step: step.step, name: name, attempt: step.attempt, status)
            call.output = step.summary
            call.end(after: step.durationMilliseconds, step.usage, step.failure)
            return (table, call)
        case .stepFailed(let step):
            guard let table = Table(step.kind, model: step.model) else { return nil }
            let name = table == .model ? step.model : step.tool
            var call = IndexedCall(record, step: step.step, name: name, attempt: step.attempt, .failed)
            call.end(after: step.durationMilliseconds, step.usage, step.failure)
            return (table, call)
        case .stepWaits(let step):
            guard let table = Table(step.kind, model: step.model) else { return nil }
            var call = IndexedCall(record, step: step.step, name: step.model, attempt: step.attempt, .failed)
            call.end(after: 0, step.usage, Failure(.temporary, step.reason))
            return (table, call)
        default: return nil
        }
    }

    private init(_ record: HistoryRecord, step: String, name: String?, attempt: Int, _ status: Status) {
        self.init(
            seq: record.seq,
            step: step,
            name: name,
            attempt: attempt,
            status: status,
            durationMilliseconds: 0,
            inputTokens: 0,
            cachedInputTokens: 0,
            outputTokens: 0,
            costUSD: 0,
            at: record.at
        )
    }

    private mutating func end(after durationMilliseconds: Int, _ usage: Usage?, _ failure: Failure?) {
        self.durationMilliseconds = durationMilliseconds
        failureClass = failure?.class
        message = failure.map { JobSummary.short($0.message) }
        guard let usage else { return }
        (inputTokens, cachedInputTokens, outputTokens) = (
            usage.inputTokens, usage.cachedInputTokens, usage.outputTokens
        )
        costUSD = usage.costUSD
    }
}

extension IndexedCall.Table {
    /// The table for the calls of a kind of step. A line of a batch file is a call when it named a model. Agents and
    /// loops are not calls: the steps inside them are.
    fileprivate init?(_ kind: StepKind, model: String?) {
        switch kind {
        case .model: self = .model
        case .tool: self = .tool
        case .line where model != nil: self = .model
        case .line, .agent, .approval, .forEach: return nil
        }
    }
}

extension JobEvent {
    /// Whether no call goes on after it: another node or run owns the job now, or it does not run any more.
    var endsCalls: Bool {
        switch self {
        case .claimed, .deferred, .held, .cancelled, .completed, .failed: true
        default: false
        }
    }
}
