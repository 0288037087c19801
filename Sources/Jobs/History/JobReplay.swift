package import Documents
import OrderedCollections

/// The state that a job's history gives, record by record: its life, its steps and the row of `agentspool list`.
///
/// The daemon folds records as it appends them and `reindex` folds the files, so both give the same rows.
///
/// The value lies behind one reference: it has more than a kilobyte, and thousands of waiting functions hold it.
package struct JobReplay: Sendable, Equatable {
    private var facts: CopyOnWrite<ReplayState>

    package var name: JobName { facts.value.name }
    package var life: JobLife { facts.value.life }
    package var steps: StepLedger { facts.value.steps }
    package var acceptance: Acceptance? { facts.value.acceptance }
    package var acceptedAt: Timestamp? { facts.value.acceptedAt }
    package var startedAt: Timestamp? { facts.value.startedAt }
    /// The event that set the state, for its reason.
    package var lastTurn: JobEvent? { facts.value.lastTurn }
    /// The usage of all attempts, also of those before a person's retry.
    package var usage: Usage { facts.value.usage }
    package var output: JSON? { facts.value.output }
    /// Whether a model's answer was cut at a limit and kept.
    package var isTruncated: Bool { facts.value.isTruncated }
    /// The limits that people raised when they released the job.
    package var raisedLimits: Limits { facts.value.raisedLimits }
    /// How long nodes had the job, without the time since ``claimedAt``.
    package var activeTime: Duration { facts.value.activeTime }
    /// Since when a node has the job; nil while no node has it.
    package var claimedAt: Timestamp? { facts.value.claimedAt }
    /// When it was last due after a wait for a retry, a start time or a person; nil when it never waited.
    package var dueAt: Timestamp? { facts.value.dueAt }

    /// What is done since the last end or hold; nil before that, and where the queue asked for nothing.
    package var delivery: DeliveryProgress? { facts.value.delivery }

    package init(name: JobName) { facts = CopyOnWrite(ReplayState(name: name)) }

    package init(name: JobName, records: some Sequence<HistoryRecord>) {
        self.init(name: name)
        for record in records { apply(record) }
    }

    /// - Parameter place: Where the record lies in the history file, when that is known.
    package mutating func apply(_ record: HistoryRecord, at place: Range<Int>? = nil) {
        facts.change { $0.apply(record, at: place) }
    }

    /// The limits that hold for the job now.
    package var limits: Limits { (acceptance?.limits ?? Limits()).replaced(by: raisedLimits) }

    /// A copy with only the steps that `record`, the newest one, and the row of `agentspool list` are about.
    ///
    /// If another holder kept a replay with all its steps, the next record would copy them all.
    package func excerpt(for record: HistoryRecord) -> JobReplay {
        // These change every step that is not finished.
        switch record.event {
        case .retried, .released: return self
        default: break
        }
        var excerpt = self
        let steps = steps.excerpt([record.event.step, currentStep].compactMap(\.self))
        excerpt.facts.change { $0.steps = steps }
        return excerpt
    }

    /// The job's place in its queue: these ids are in the order of the drops.
    package var turn: JobID { acceptance?.turn ?? name.id }

    /// Since when it waits for a worker: since its drop was taken, or since it was last due.
    package var waitsSince: Timestamp { max(turn.time, dueAt ?? turn.time) }

    /// The failed lines of a completed batch; nil when no line failed.
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
