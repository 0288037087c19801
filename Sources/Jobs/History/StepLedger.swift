package import Documents
package import OrderedCollections

/// What a job's history says about its steps: which are finished, how often others were tried, which outcomes are
/// unknown.
package struct StepLedger: Sendable, Equatable {
    package enum Status: String, Sendable {
        case running, completed, skipped, failed
    }

    package struct Entry: Sendable, Equatable {
        package var kind: StepKind
        package var status: Status
        /// Attempts so far.
        package var attempts = 0
        /// Requests that the model's quota refused; no other count includes them.
        package var refusals = 0
        /// Since when the model's quota refuses it without an answer in between.
        package var refusedSince: Timestamp?
        /// Attempts that failed; a person's retry or release resets the count.
        package var failures = 0
        /// Nil also for the steps of batch lines, of which there may be many: the history has their outputs.
        @Boxed package var output: JSON?
        package var tool: String?
        package var model: String?
        /// Why the model's answer ended, in the provider's words.
        package var finishReason: String?
        /// Whether the model's answer was cut at a limit and kept.
        package var isTruncated = false
        /// What a person should know about the model's answer.
        @Boxed package var note: String?
        package var usage = Usage()
        /// The failure without its response, which only the history keeps.
        @Boxed package var failure: Failure?
        /// When it may be tried again; nil when it failed for good.
        package var retryAt: Timestamp?
        package var startedAt: Timestamp?
        package var finishedAt: Timestamp?
        package var durationMilliseconds = 0
        /// The last start, while it has no outcome and no person has decided about it.
        @Boxed package var pending: StepStart?
        /// How often the daemon died while the step was under way, since the step last ended.
        package var deaths = 0
        /// Whether the step was the cause of the daemon's death for certain: nothing else was under way.
        package var diedAlone = false
        /// Whether it was begun since the job was last claimed, and has not ended.
        package fileprivate(set) var isUnderWay = false
        /// Where the record of its last outcome lies in the history file.
        package var outcomePlace: Range<Int>?

        /// Whether it will not run again: completed, skipped, or failed for good.
        package var isSettled: Bool {
            switch status {
            case .completed, .skipped: true
            case .failed: retryAt == nil
            case .running: false
            }
        }

        package init(kind: StepKind, status: Status) { (self.kind, self.status) = (kind, status) }
    }

    package private(set) var entries: OrderedDictionary<String, Entry> = [:]
    /// The approvals by step; a retry asks again.
    package private(set) var approvals: [String: Approval] = [:]
    /// The denials by step, where the job went on.
    package private(set) var denials: [String: Denial] = [:]
    /// The step whose unknown outcome a person is asked about.
    private var doubt: String?
    /// The positions in ``entries`` of the steps that run, and of those that failed.
    private var running = AscendingIndices()
    private var failed = AscendingIndices()
    /// Holds each name once: a batch has the same model in every line.
    private var names: Set<String> = []

    package init() {}

    package subscript(step: String) -> Entry? { entries[step] }

    /// - Parameter place: Where the record lies in the history file, when that is known.
    package mutating func apply(_ record: HistoryRecord, at place: Range<Int>? = nil) {
        switch record.event {
        case .stepStarted(let start):
            var entry = entries[start.step] ?? Entry(kind: start.kind, status: .running)
            entry.status = .running
            entry.attempts = max(entry.attempts, start.attempt)
            entry.tool = shared(start.tool) ?? entry.tool
            entry.model = shared(start.model) ?? entry.model
            entry.startedAt = entry.startedAt ?? record.at
            entry.isUnderWay = true
            entry.pending = start
            entry.retryAt = nil
            store(entry, start.step)
        case .stepCompleted(let completion):
            var entry = entries[completion.step] ?? Entry(kind: completion.kind, status: .completed)
            entry.status = completion.isSkipped ? .skipped : .completed
            entry.attempts = max(entry.attempts, completion.attempt)
            entry.output = Self.isOfBatch(completion.step) ? nil : completion.output
            entry.tool = shared(completion.tool) ?? entry.tool
            entry.model = shared(completion.model) ?? entry.model
            if let usage = completion.usage { entry.usage += usage }
            entry.finishReason = shared(completion.answer.finishReason) ?? entry.finishReason
            entry.isTruncated = completion.answer.isTruncated
            entry.note = completion.answer.note
            entry.failure = completion.failure
            entry.refusedSince = nil
            entry.startedAt = entry.startedAt ?? record.at
            entry.finish(at: record.at, place, durationMilliseconds: completion.durationMilliseconds)
            store(entry, completion.step)
        case .stepFailed(let failed):
            var entry = entries[failed.step] ?? Entry(kind: failed.kind, status: .failed)
            entry.status = .failed
            entry.attempts = max(entry.attempts, failed.attempt)
            entry.tool = shared(failed.tool) ?? entry.tool
            entry.model = shared(failed.model) ?? entry.model
            if let usage = failed.usage { entry.usage += usage }
            entry.failure = failed.failure
            entry.failure?.response = nil
            entry.failures += 1
            entry.retryAt = failed.retryAt
            entry.startedAt = entry.startedAt ?? record.at
            // After a check that failed, the outcome of the call is still unknown.
            let doubt = failed.failure.class == .unknown ? entry.pending : nil
            entry.finish(at: record.at, place, durationMilliseconds: failed.durationMilliseconds)
            entry.pending = doubt
            store(entry, failed.step)
        case .stepWaits(let wait):
            var entry = entries[wait.step] ?? Entry(kind: wait.kind, status: .failed)
            entry.status = .failed
            entry.attempts = max(0, min(entry.attempts, wait.attempt - 1))
            entry.model = shared(wait.model) ?? entry.model
            if let usage = wait.usage { entry.usage += usage }
            entry.failure = Failure(.temporary, wait.reason)
            entry.retryAt = wait.until
            entry.pending = nil
            entry.acquit()
            if wait.wasAsked {
                entry.refusals += 1
                entry.refusedSince = entry.refusedSince ?? record.at
            }
            store(entry, wait.step)
        case .claimed(_, _, let end): judge(end)
        case .held(let hold): doubt = hold.reason == .unknownOutcome ? hold.step : nil
        case .cancelled: doubt = nil
        case .approved(let approval): approvals[approval.step] = approval
        case .denied(let denial):
            doubt = nil
            if let step = denial.step { denials[step] = denial }
        case .retried, .released:
            if case .released(let release) = record.event {
                if let doubt { apply(release.finding, to: doubt, at: record.at) }
            } else {
                (approvals, denials) = ([:], [:])
            }
            doubt = nil
            for (step, entry) in entries where entry.status != .completed && entry.status != .skipped {
                // A release does not let a step run again that failed for good: only a retry does.
                if case .released = record.event, entry.status == .failed, entry.retryAt == nil { continue }
                entries[step]?.failures = 0
                entries[step]?.refusedSince = nil
                entries[step]?.acquit()
                entries[step]?.retryAt = record.at
            }
        default: break
        }
    }

    /// Applies what a person found out about the step that the job was held for.
    private mutating func apply(_ finding: Release.Finding?, to step: String, at time: Timestamp) {
        switch finding {
        case .again: entries[step]?.pending = nil
        case .done(let output):
            guard var entry = entries[step] else { return }
            entry.status = .completed
            entry.output = output
            entry.failure = nil
            entry.finish(at: time, nil, durationMilliseconds: 0)
            store(entry, step)
        case nil: break
        }
    }

    /// The daemon that had the job ended: its steps are no longer under way.
    private mutating func judge(_ end: PreviousRunEnd?) {
        for index in running.all { entries.values[index].judge(end) }
    }

    /// A running step during which the daemon died at least `deaths` times; nil when there is none.
    package func suspicion(after deaths: Int) -> Suspicion? {
        running.all.first { entries.values[$0].deaths >= deaths }
            .map { Suspicion(step: entries.keys[$0], deaths: entries.values[$0].deaths) }
    }

    /// The last step that runs, else the last one that failed.
    package var current: (step: String, entry: Entry)? {
        (running.last ?? failed.last).map { (entries.keys[$0], entries.values[$0]) }
    }

    /// A ledger of only these steps, as far as they are known, in their order.
    package func excerpt(_ steps: [String]) -> StepLedger {
        var excerpt = StepLedger()
        for index in Set(steps.compactMap { entries.index(forKey: $0) }).sorted() {
            excerpt.store(entries.values[index], entries.keys[index])
        }
        return excerpt
    }

    private mutating func store(_ entry: Entry, _ step: String) {
        let before = entries.updateValue(entry, forKey: step)?.status
        guard before != entry.status, let index = entries.index(forKey: step) else { return }
        if before == .running { running.remove(index) }
        if before == .failed { failed.remove(index) }
        if entry.status == .running { running.insert(index) }
        if entry.status == .failed { failed.insert(index) }
    }

    private mutating func shared(_ name: String?) -> String? { name.map { names.insert($0).memberAfterInsert } }

    private static func isOfBatch(_ step: String) -> Bool { step.utf8.starts(with: "batch/".utf8) }

    package var usage: Usage { entries.values.reduce(into: Usage()) { $0 += $1.usage } }
}

extension StepLedger.Entry {
    fileprivate mutating func finish(at time: Timestamp, _ place: Range<Int>?, durationMilliseconds: Int) {
        finishedAt = time
        outcomePlace = place
        self.durationMilliseconds = durationMilliseconds
        pending = nil
        acquit()
    }

    fileprivate mutating func acquit() { (deaths, diedAlone, isUnderWay) = (0, false, false) }

    /// Counts the end of the daemon as evidence about a step that has not ended.
    fileprivate mutating func judge(_ end: PreviousRunEnd?) {
        switch end {
        case .crash where isUnderWay: deaths += 1
        case .crashAlone where isUnderWay && pending?.isAlone == true:
            deaths += 1
            diedAlone = true
        // The daemon died without this step, too: it is not the cause.
        case .crashIdle where !isUnderWay: acquit()
        default: break
        }
        isUnderWay = false
    }
}
