package import Jobs

/// The row of one finished attempt to call a model or a tool.
package struct IndexedCall: Sendable, Equatable {
    /// The sequence number of the record that ended it.
    package var seq: Int
    package var step: String
    /// The model or the tool, where the record names it.
    package var name: String?
    /// From 1.
    package var attempt: Int
    /// `completed` or `failed`.
    package var status: StepLedger.Status
    package var failureClass: FailureClass?
    package var durationMilliseconds: Int
    /// All of them, the cached ones included; 0 for tools.
    package var inputTokens: Int
    package var cachedInputTokens: Int
    package var outputTokens: Int
    /// US dollars; 0 where no price is configured.
    package var costUSD: Double
    /// When it ended.
    package var at: Timestamp
}

extension IndexedCall {
    enum Table: String, Sendable {
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

    /// The call that a record ended, with its table; nil when it ended none.
    static func ended(by record: HistoryRecord) -> (table: Table, call: IndexedCall)? {
        switch record.event {
        case .stepCompleted(let step) where !step.isSkipped:
            guard let table = Table(step.kind, model: step.model) else { return nil }
            let call = IndexedCall(
                record,
                step: step.step,
                name: table == .model ? step.model : step.tool,
                attempt: step.attempt,
                failure: nil,
                durationMilliseconds: step.durationMilliseconds,
                usage: step.usage
            )
            return (table, call)
        case .stepFailed(let step):
            guard let table = Table(step.kind, model: step.model) else { return nil }
            let call = IndexedCall(
                record,
                step: step.step,
                name: table == .model ? step.model : step.tool,
                attempt: step.attempt,
                failure: step.failure,
                durationMilliseconds: step.durationMilliseconds,
                usage: step.usage
            )
            return (table, call)
        default: return nil
        }
    }

    private init(
        _ record: HistoryRecord,
        step: String,
        name: String?,
        attempt: Int,
        failure: Failure?,
        durationMilliseconds: Int,
        usage: Usage?
    ) {
        let usage = usage ?? Usage()
        self.init(
            seq: record.seq,
            step: step,
            name: name,
            attempt: attempt,
            status: failure == nil ? .completed : .failed,
            failureClass: failure?.class,
            durationMilliseconds: durationMilliseconds,
            inputTokens: usage.inputTokens,
            cachedInputTokens: usage.cachedInputTokens,
            outputTokens: usage.outputTokens,
            costUSD: usage.costUSD,
            at: record.at
        )
    }
}

extension IndexedCall.Table {
    /// Where the calls of a kind of step belong. A line of a batch file is a call when it named a model; agents and
    /// loops are none, for the steps inside them are.
    fileprivate init?(_ kind: StepKind, model: String?) {
        switch kind {
        case .model: self = .model
        case .tool: self = .tool
        case .line where model != nil: self = .model
        case .line, .agent, .forEach: return nil
        }
    }
}
