import OrderedCollections

/// All that a job's history says, folded record by record: its life, its steps and the row of `agentspool list`.
///
/// The daemon folds records as it appends them and `reindex` folds the files, so both give the same rows.
package struct JobReplay: Sendable, Equatable {
    package let name: JobName
    package private(set) var life = JobLife()
    package private(set) var steps = StepLedger()
    package private(set) var acceptance: Acceptance?
    package private(set) var acceptedAt: Timestamp?
    package private(set) var startedAt: Timestamp?
    /// The event that set the state, for its reason.
    package private(set) var lastTurn: JobEvent?
    /// Of all attempts, those included that a retry by a person set back.
    package private(set) var usage = Usage()
    package private(set) var output: JSON?
    /// Whether a model's answer was cut at a limit and kept.
    package private(set) var isTruncated = false
    /// What people who released the job allowed it besides.
    package private(set) var raisedLimits = Limits()
    /// Time in the hands of nodes, the time since ``claimedAt`` not counted.
    package private(set) var activeTime: Duration = .zero
    /// Since when it is in a node's hands; nil while it is in none.
    package private(set) var claimedAt: Timestamp?
    /// When it was last due after a wait for a retry, a start time or a person; nil when it never was put off.
    package private(set) var dueAt: Timestamp?
    private var lastAt: Timestamp?

    package init(name: JobName) { self.name = name }

    package init(name: JobName, records: some Sequence<HistoryRecord>) {
        self.name = name
        for record in records { apply(record) }
    }

    /// - Parameter place: Where the record lies in the history file, when that is known.
    package mutating func apply(_ record: HistoryRecord, at place: Range<Int>? = nil) {
        life.apply(record)
        steps.apply(record, at: place)
        noteTime(record)
        switch record.event {
        case .accepted(let acceptance):
            self.acceptance = acceptance
            acceptedAt = record.at
            lastTurn = record.event
        case .stepStarted: startedAt = startedAt ?? record.at
        case .stepCompleted(let completion):
            if let used = completion.usage { usage += used }
            if completion.answer.isTruncated { isTruncated = true }
        case .stepFailed(let failure):
            if let used = failure.usage { usage += used }
        case .stepWaits(let wait):
            if let used = wait.usage { usage += used }
        case .completed(let output):
            self.output = output
            lastTurn = record.event
        case .released(let release):
            raisedLimits = raisedLimits.replaced(by: release.limits)
            dueAt = record.at
            lastTurn = record.event
        case .retried:
            output = nil
            dueAt = record.at
            lastTurn = record.event
        case .deferred(let until, _):
            dueAt = until
            lastTurn = record.event
        case .unknown: break
        default: lastTurn = record.event
        }
    }

    /// A life that was cut off counts until its last record.
    private mutating func noteTime(_ record: HistoryRecord) {
        defer { lastAt = record.at }
        switch record.event {
        case .accepted: claimedAt = record.at
        case .claimed:
            if let claimedAt, let lastAt { activeTime += max(.zero, lastAt - claimedAt) }
            claimedAt = record.at
        case .stepStarted, .stepCompleted, .stepFailed, .stepWaits, .unknown: break
        default:
            if let claimedAt { activeTime += max(.zero, record.at - claimedAt) }
            claimedAt = nil
        }
    }

    /// The limits that hold for the job now.
    package var limits: Limits { (acceptance?.limits ?? Limits()).replaced(by: raisedLimits) }

    /// The same without the steps that neither `record`, the newest, nor the row of `agentspool list` is about.
    ///
    /// A replay with all its steps that is handed on makes the next record copy them all.
    package func excerpt(for record: HistoryRecord) -> JobReplay {
        // These change every step that is not finished.
        switch record.event {
        case .retried, .released: return self
        default: break
        }
        var excerpt = self
        excerpt.steps = steps.excerpt([record.event.step, currentStep].compactMap(\.self))
        return excerpt
    }

    /// Its place among the jobs of its queue: ids that were given in the order of the drops.
    package var turn: JobID { acceptance?.turn ?? name.id }

    /// Since when it waits for a worker: since its drop was taken, or since it is due.
    package var waitsSince: Timestamp { max(turn.time, dueAt ?? turn.time) }

    /// Of a batch that is done: how many of its lines are not.
    package var failedLines: FailedLines? { life.failedLines }

    package var finishedAt: Timestamp? { if case .ended(_, let at) = life.state { at } else { nil } }

    package var outcome: Outcome? { if case .ended(let outcome, _) = life.state { outcome } else { nil } }

    /// The step that failed or runs, for rows and results.
    package var currentStep: String? {
        switch lastTurn {
        case .failed(let step, _): step
        case .held(let hold): hold.step
        case .denied(let denial): denial.step
        case .completed: nil
        default: steps.current?.step
        }
    }
}
