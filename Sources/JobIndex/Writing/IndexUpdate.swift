package import Documents
package import Jobs
import OrderedCollections

/// A change of the index, derived from a job's history, without anything that the index must not hold.
///
/// Writing it twice changes nothing, and an older one never undoes a newer one, so that live updates and a rebuild may
/// run at the same time.
package enum IndexUpdate: Sendable {
    /// What the newest records of a job changed, or all of its records.
    case job(JobSummary, steps: [IndexedStep], records: [IndexedRecord])
    /// A drop that did not become a job.
    case rejected(JobSummary)
    /// What a running job waits for, or nil; it holds until the job's next record.
    case waits(job: String, why: String?, seq: Int)
    /// The job is gone, or the next update makes its rows anew.
    case remove(job: String)

    /// The most rows that it writes, and so the room that it takes in the buffer.
    package var rowCount: Int {
        switch self {
        case .job(_, let steps, let records): 1 + steps.count + records.count
        case .rejected, .waits, .remove: 1
        }
    }
}

/// What the index keeps of a history record.
package struct IndexedRecord: Sendable, Equatable {
    package var seq: Int
    package var epoch: Int
    package var at: Timestamp
    package var type: String
    package var step: String?

    let isAcceptance: Bool
    let endsCalls: Bool
    let call: IndexedCall?
    let callTable: IndexedCall.Table?

    package init(_ record: HistoryRecord) {
        (seq, epoch, at, type) = (record.seq, record.epoch, record.at, record.event.type)
        step = record.event.step
        isAcceptance = if case .accepted = record.event { true } else { false }
        endsCalls = record.event.endsCalls
        let found = IndexedCall.call(of: record)
        (call, callTable) = (found?.call, found?.table)
    }
}

extension IndexUpdate {
    /// The update for `records`: the newest of the history that `replay` has applied, or all of it.
    ///
    /// A history given record by record, with the replay as of each, leaves the same rows as the whole at once.
    ///
    /// - Returns: nil before the job's acceptance.
    package static func update(for replay: JobReplay, records: [HistoryRecord]) -> IndexUpdate? {
        guard let summary = JobSummary(replay) else { return nil }
        return .job(
            summary,
            steps: touchedSteps(of: replay.steps, records),
            records: records.map(IndexedRecord.init)
        )
    }

    /// The steps that `records` changed, each with the last record that did.
    ///
    /// A retry or a release resets the counts of all unfinished steps. The current ledger shows which those were: a
    /// step that has finished since has a later record of its own.
    private static func touchedSteps(of ledger: StepLedger, _ records: [HistoryRecord]) -> [IndexedStep] {
        var touched: OrderedDictionary<String, Int> = [:]
        var lastReset: Int?
        for record in records {
            switch record.event {
            case .stepStarted, .stepCompleted, .stepFailed, .stepWaits:
                if let step = record.event.step { touched[step] = record.seq }
            case .released(let release):
                lastReset = record.seq
                // A release that reports the step's outcome finishes the step.
                if let step = release.step, case .done = release.finding { touched[step] = record.seq }
            case .retried: lastReset = record.seq
            default: break
            }
        }
        if let lastReset {
            for (path, entry) in ledger.entries where entry.status != .completed && entry.status != .skipped {
                touched[path] = max(touched[path] ?? 0, lastReset)
            }
        }
        return touched.compactMap { step, seq in
            guard let index = ledger.entries.index(forKey: step) else { return nil }
            let (path, entry) = ledger.entries.elements[index]
            return IndexedStep(path: path, entry, seq: seq)
        }
    }
}
