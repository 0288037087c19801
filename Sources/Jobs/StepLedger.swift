package import OrderedCollections

/// What a job's history says about its steps: which are finished, how often others were tried, which are in doubt.
package struct StepLedger: Sendable, Equatable {
    package enum Status: String, Sendable {
        case running, completed, skipped, failed
    }

    package struct Entry: Sendable, Equatable {
        package var kind: StepKind
        package var status: Status
        /// Tries so far.
        package var attempts = 0
        /// Tries that failed; the count begins again when a person retries the job.
        package var failures = 0
        package var output: JSON?
        package var tool: String?
        package var model: String?
        package var usage = Usage()
        package var failure: Failure?
        /// When it may be tried again; nil when it failed for good.
        package var retryAt: Timestamp?
        package var startedAt: Timestamp?
        package var finishedAt: Timestamp?
        package var durationMilliseconds = 0
        /// The start without an outcome, when there is one that no person has decided about.
        package var pending: StepStart?
        /// In how many epochs the step was begun and not ended: deaths of the daemon while it ran.
        package var epochsWithoutOutcome = 0
    }

    package private(set) var entries: OrderedDictionary<String, Entry> = [:]
    /// What people said yes to, by step; a retry asks again.
    package private(set) var approvals: [String: Approval] = [:]
    /// What people said no to, by step, where the job went on.
    package private(set) var denials: [String: Denial] = [:]
    /// The step whose unknown outcome a person is asked about.
    private var doubt: String?

    package init() {}

    package subscript(step: String) -> Entry? { entries[step] }

    package mutating func apply(_ record: HistoryRecord) {
        switch record.event {
        case .stepStarted(let start):
            var entry = entries[start.step] ?? Entry(kind: start.kind, status: .running)
            entry.status = .running
            entry.attempts = max(entry.attempts, start.attempt)
            entry.tool = start.tool ?? entry.tool
            entry.model = start.model ?? entry.model
            entry.startedAt = entry.startedAt ?? record.at
            entry.epochsWithoutOutcome += 1
            entry.pending = start
            entry.retryAt = nil
            entries[start.step] = entry
        case .stepCompleted(let completion):
            var entry = entries[completion.step] ?? Entry(kind: completion.kind, status: .completed)
            entry.status = completion.isSkipped ? .skipped : .completed
            entry.attempts = max(entry.attempts, completion.attempt)
            entry.output = completion.output
            entry.tool = completion.tool ?? entry.tool
            entry.model = completion.model ?? entry.model
            if let usage = completion.usage { entry.usage += usage }
            entry.failure = completion.failure
            entry.startedAt = entry.startedAt ?? record.at
            entry.finish(at: record.at, durationMilliseconds: completion.durationMilliseconds)
            entries[completion.step] = entry
        case .stepFailed(let failed):
            var entry = entries[failed.step] ?? Entry(kind: failed.kind, status: .failed)
            entry.status = .failed
            entry.attempts = max(entry.attempts, failed.attempt)
            entry.tool = failed.tool ?? entry.tool
            entry.model = failed.model ?? entry.model
            if let usage = failed.usage { entry.usage += usage }
            entry.failure = failed.failure
            entry.failures += 1
            entry.retryAt = failed.retryAt
            entry.startedAt = entry.startedAt ?? record.at
            // A check that failed leaves the doubt about the call.
            let doubt = failed.failure.class == .unknown ? entry.pending : nil
            entry.finish(at: record.at, durationMilliseconds: failed.durationMilliseconds)
            entry.pending = doubt
            entries[failed.step] = entry
        case .held(let hold): doubt = hold.reason == .unknownOutcome ? hold.step : nil
        case .cancelled: doubt = nil
        case .approved(let approval): approvals[approval.step] = approval
        case .denied(let denial):
            doubt = nil
            if let step = denial.step { denials[step] = denial }
        case .retried, .released:
            if case .released(let release) = record.event {
                if let doubt { settle(doubt, release.finding, at: record.at) }
            } else {
                (approvals, denials) = ([:], [:])
            }
            doubt = nil
            for (step, entry) in entries where entry.status != .completed && entry.status != .skipped {
                entries[step]?.failures = 0
                entries[step]?.epochsWithoutOutcome = 0
                entries[step]?.retryAt = record.at
            }
        default: break
        }
    }

    /// Who releases a job that was held for a step has looked, and says whether it happened.
    private mutating func settle(_ step: String, _ finding: Release.Finding?, at time: Timestamp) {
        switch finding {
        case .again: entries[step]?.pending = nil
        case .done(let output):
            entries[step]?.status = .completed
            entries[step]?.output = output
            entries[step]?.failure = nil
            entries[step]?.finish(at: time, durationMilliseconds: 0)
        case nil: break
        }
    }

    /// The step that is running, else the one that failed last.
    package var current: (step: String, entry: Entry)? {
        let unfinished = entries.elements.reversed().first { $0.value.status == .running }
        return (unfinished ?? entries.elements.reversed().first { $0.value.status == .failed })
            .map { ($0.key, $0.value) }
    }

    package var usage: Usage { entries.values.reduce(into: Usage()) { $0 += $1.usage } }
}

extension StepLedger.Entry {
    fileprivate mutating func finish(at time: Timestamp, durationMilliseconds: Int) {
        finishedAt = time
        self.durationMilliseconds = durationMilliseconds
        pending = nil
        epochsWithoutOutcome = 0
    }
}
