package import Documents
package import Jobs
import OrderedCollections
import Spool

/// A job in detail: what it does now, what failed, what it called, whether its result is saved, and whether it may be
/// retried.
///
/// Of arguments and outputs it has only the redacted summaries.
package struct JobReport: Sendable {
    /// A step that runs.
    package struct Running: Sendable {
        package var step: String
        package var start: StepStart
        /// When this attempt began.
        package var since: Timestamp?
    }

    /// The step that failed, and why.
    package struct FailedStep: Sendable {
        /// Nil for a job that failed before its first step.
        package var step: String?
        package var failure: Failure
        package var attempts: Int
        /// When it is tried again; nil when it is not.
        package var retryAt: Timestamp?
    }

    /// A call of a tool, all attempts together.
    package struct Call: Sendable {
        package var step: String
        package var tool: String?
        package var effect: Effect?
        package var arguments: String?
        /// `running`, `completed`, `failed`, or `unknown` when its end is missing and no daemon works on the job.
        package var status: String
        package var attempts: Int
        package var startedAt: Timestamp?
        package var durationMilliseconds: Int
        package var output: String?
        package var failure: Failure?
    }

    package let replay: JobReplay
    /// Whether a running node has claimed the job.
    package let isInHand: Bool
    /// Absolute path of `result.json`; nil when there is none.
    package let resultPath: String?
    package let calls: [Call]
    /// The number of steps with a model's reasoning.
    package let thoughtfulSteps: Int
    /// What a running step waits for, as its daemon says.
    package var stepWaitsFor: String?
    /// The last start of every step.
    private let starts: [String: (start: StepStart, at: Timestamp)]

    /// - Throws: `SpoolError`.
    init(_ found: FoundJob, in spool: SpoolRoot) throws {
        let location = found.location
        if let remote = found.remote {
            // The daemon writes the result before the job's end is known.
            self.init(
                found.replay,
                found.history.records,
                isInHand: remote.isInHand,
                resultPath: found.replay.outcome.map { _ in "\(spool.path)/\(location.path)/\(SpoolLayout.result)" }
            )
            return
        }
        let isInHand = try NodeLock.isInHand(location, of: spool)
        let hasResult = try spool.contents(of: SpoolLayout.result, in: location) != nil
        self.init(
            found.replay,
            found.history.records,
            isInHand: isInHand,
            resultPath: hasResult ? "\(spool.path)/\(location.path)/\(SpoolLayout.result)" : nil
        )
    }

    private init(_ replay: JobReplay, _ records: [HistoryRecord], isInHand: Bool, resultPath: String?) {
        self.replay = replay
        self.isInHand = isInHand
        self.resultPath = resultPath
        var starts: [String: (start: StepStart, at: Timestamp)] = [:]
        var outputs: [String: String] = [:]
        for record in records {
            switch record.event {
            case .stepStarted(let start): starts[start.step] = (start, record.at)
            case .stepCompleted(let step): outputs[step.step] = step.summary
            default: break
            }
        }
        self.starts = starts
        thoughtfulSteps = JobReasoning(records).steps.count
        calls = replay.steps.entries.compactMap { path, entry in
            guard entry.kind == .tool, entry.status != .skipped else { return nil }
            let isLost = entry.status == .running && !(isInHand && replay.life.state == .running)
            let hasFailed = entry.status == .completed && entry.failure != nil
            return Call(
                step: path,
                tool: entry.tool,
                effect: starts[path]?.start.effect,
                arguments: starts[path]?.start.summary,
                status: isLost ? "unknown" : hasFailed ? "failed" : entry.status.rawValue,
                attempts: entry.attempts,
                startedAt: entry.startedAt,
                durationMilliseconds: entry.durationMilliseconds,
                output: outputs[path],
                failure: entry.failure
            )
        }
    }

    // MARK: Now

    /// The steps that run at this moment.
    package var running: [Running] {
        guard isInHand, replay.life.state == .running else { return [] }
        return replay.steps.entries.compactMap { path, entry in
            entry.status == .running
                ? entry.pending.map { Running(step: path, start: $0, since: starts[path]?.at) } : nil
        }
    }

    /// What the job waits for, as a sentence without its full stop; nil when it runs or has ended.
    package var waitsFor: String? {
        switch replay.life.state {
        case .absent, .ended: return nil
        case .deferred(let until):
            let reason: String? = if case .deferred(_, let reason) = replay.lastTurn { reason } else { nil }
            return "its time, \(until.text)" + (reason.map { ": \($0)" } ?? "")
        case .held(let hold): return "a person to decide" + (hold.message.isEmpty ? "" : ": \(hold.message)")
        case .waiting, .running:
            if !isInHand { return "a daemon: the node that has it is not running, and goes on with it when it starts" }
            if let stepWaitsFor { return stepWaitsFor }
            if let failed = failedStep, let retryAt = failed.retryAt, running.isEmpty {
                return "the next try of step \(failed.step ?? ""), \(retryAt.text)"
            }
            return replay.life.state == .waiting ? "a free worker" : nil
        }
    }

    // MARK: Failure

    /// The step that failed the job, else the last one that failed and is not done since.
    package var failedStep: FailedStep? {
        if case .failed(let step, let failure) = replay.lastTurn {
            return FailedStep(step: step, failure: failure, attempts: step.flatMap { replay.steps[$0]?.attempts } ?? 0)
        }
        guard let (step, entry) = replay.steps.entries.elements.last(where: { $0.value.status == .failed }),
            let failure = entry.failure
        else { return nil }
        return FailedStep(step: step, failure: failure, attempts: entry.attempts, retryAt: entry.retryAt)
    }

    /// Whether running the job again changes nothing twice, and why.
    package var retry: (isSafe: Bool, reason: String) {
        if let failed = replay.failedLines { return (true, "\(failed.text), and these run again") }
        if case .ended(.completed, _) = replay.life.state { return (false, "it completed; there is nothing to retry") }
        if !running.isEmpty { return (false, "it is running") }
        if let (step, entry) = replay.steps.entries.elements.first(where: { $0.value.pending?.effect == .write }) {
            let tool = entry.tool ?? "its tool"
            return (
                false,
                "not without looking: whether \(tool) happened in step \(step) is not known, and its effect is write"
            )
        }
        return (true, "finished steps stay finished, and no step of unknown outcome changes anything twice")
    }
}
