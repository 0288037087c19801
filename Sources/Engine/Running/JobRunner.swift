import Documents
import Jobs
import Logging
import Redaction
import Spool
import Threads
import Tools
import Workflow

/// Runs one claimed job as far as it goes, and commits the result.
final class JobRunner: Sendable {
    let node: SpoolNode
    let observers: JobObservers
    let provider: any WorkflowProvider
    let environment: RunEnvironment
    let budgets: QueueBudgets
    let redactor: Redactor
    let logger: Logger

    init(
        node: SpoolNode,
        observers: JobObservers,
        provider: any WorkflowProvider,
        environment: RunEnvironment,
        budgets: QueueBudgets,
        redactor: Redactor,
        logger: Logger
    ) {
        (self.node, self.observers, self.provider, self.environment) = (node, observers, provider, environment)
        (self.budgets, self.redactor, self.logger) = (budgets, redactor, logger)
    }

    /// A runner for the jobs that start under other settings.
    func renewed(redactor: Redactor, _ settings: EngineSettings) -> JobRunner {
        var environment = environment
        environment.shortWaitMax = settings.shortWaitMax
        environment.modelWaitMax = settings.modelWaitMax
        environment.deathsMax = settings.deathsMax
        return JobRunner(
            node: node,
            observers: observers,
            provider: provider,
            environment: environment,
            budgets: budgets,
            redactor: redactor,
            logger: logger
        )
    }

    /// How a run of a claimed job ended.
    enum RunResult: Sendable, Equatable {
        case ended(Outcome, mark: DeferredJobs.Entry? = nil)
        case deferred(JobName, until: Timestamp)
        case held(JobName, expires: Timestamp?, mark: DeferredJobs.Entry? = nil)
        /// The daemon stops; the job stays in `processing/` and goes on after the next start.
        case interrupted
        /// Its task was cancelled; the caller knows why.
        case cancelled

        /// Where its last record has left a job.
        init(of replay: JobReplay) {
            let mark = replay.deliveryMark.map { DeferredJobs.Entry(due: $0, job: replay.name) }
            self =
                switch replay.life.state {
                case .ended(let outcome, _): .ended(outcome, mark: mark)
                case .deferred(let until): .deferred(replay.name, until: until)
                case .held(let hold): .held(replay.name, expires: hold.approval?.expires, mark: mark)
                case .absent, .waiting, .running: .interrupted
                }
        }
    }

    /// - Throws: `SpoolError`, `SyncFailure`; then the job stays where it is, with what was recorded.
    func run(_ job: OwnedJob, recorder: HistoryRecorder) async throws -> RunResult {
        let command: JobCommand
        do {
            let acceptance = job.acceptance
            let workflow = try provider.executable(acceptance?.definition ?? .null, name: acceptance?.workflow ?? "")
            var context = try await JobInput.context(of: job, node: node)
            context.budget = budget(of: job.replay)
            recorder.hideValues(of: context)
            recorder.resume(try await ResumeSource(resumedBy: job, workflow.definition.loops, node: node))
            let run = WorkflowRun(workflow, job: context, recorder: recorder, environment: environment)
            switch try await waits(of: job).collect({ try await run.run() }) {
            case .completed(let output): command = .complete(output: output)
            case .failed(let step, let failure): command = .fail(step: step, failure)
            case .deferred(let until, let reason): command = .deferUntil(until, reason: reason)
            case .held(let hold): command = .hold(hold)
            case .interrupted: return .interrupted
            }
        } catch let failure as Failure {
            command = .fail(step: nil, failure)
        } catch is CancellationError {
            return recorder.isStopping ? .interrupted : .cancelled
        }
        return try await commit(command, on: job, recorder.redaction)
    }

    /// Reports the waits of the running job to the observers, redacted.
    private func waits(of job: OwnedJob) -> WaitReasons {
        WaitReasons { [observers, redactor] why in
            observers.jobWaits(job.name.id, why: why.map { redactor.redact($0) }, seq: job.replay.life.seq)
        }
    }

    private func budget(of replay: JobReplay) -> JobBudget {
        JobBudget(
            limits: replay.limits,
            used: replay.usage,
            activeTime: replay.activeTime,
            claimedAt: replay.claimedAt ?? environment.wallClock.now,
            shared: replay.acceptance.flatMap { budgets.budget(of: $0.queue) }
        )
    }

    /// Commits a command that ends the engine's work on the job.
    ///
    /// - Parameter redaction: The job's own; nil for the redaction that every job has.
    func commit(_ command: JobCommand, on job: OwnedJob, _ redaction: EventRedaction? = nil) async throws -> RunResult {
        if case .cancel = command, job.acceptance?.kind == .batch { try await writeCancelledBatch(job) }
        let redaction = redaction ?? EventRedaction(redactor)
        let (record, replay) = try await node.commit(redaction.redacted(command), on: job)
        observers.jobChanged(replay, record)
        log(replay)
        return RunResult(of: replay)
    }

    /// Writes the results of the lines that are done; the cancel goes on even where that fails.
    private func writeCancelledBatch(_ job: OwnedJob) async throws {
        do {
            let file = try await BatchFile(DropBytes(of: job, node: node), form: job.acceptance?.form)
            let results = BatchResults(file, job: job.name.id, archive: JobArchive(job: job, node: node))
            _ = try await results.write(unsettled: .cancelled)
        } catch let error as SyncFailure {
            throw error
        } catch {
            logger.error(
                "the results of a cancelled batch were not written: \(error)",
                metadata: ["job": "\(job.name.id)"]
            )
        }
    }

    private func log(_ replay: JobReplay) {
        guard let row = JobSummary(replay) else { return }
        var metadata: Logger.Metadata = [
            "job": "\(row.job)", "queue": "\(row.queue)", "workflow": "\(row.workflow ?? "")",
            "state": "\(row.state.rawValue)",
        ]
        if let step = row.step { metadata["step"] = "\(step)" }
        if let accepted = row.acceptedAt, let finished = row.finishedAt {
            metadata["duration_ms"] = "\((finished - accepted).wholeMilliseconds)"
        }
        switch replay.lastTurn {
        case .completed:
            metadata["message_id"] = "\(MessageID.jobCompleted)"
            logger.info("job completed", metadata: metadata)
        case .failed(_, let failure):
            metadata["message_id"] = "\(MessageID.jobFailed)"
            metadata["failure"] = "\(failure.class.rawValue)"
            logger.warning("job failed: \(JobSummary.short(failure.message))", metadata: metadata)
        case .denied(let denial):
            metadata["message_id"] = "\(MessageID.jobFailed)"
            metadata["failure"] = "\(FailureClass.denied.rawValue)"
            logger.notice("job denied by \(denial.decision.user)", metadata: metadata)
        case .approved(let approval):
            logger.notice("job approved by \(approval.decision.user)", metadata: metadata)
        case .cancelled(let decision):
            metadata["message_id"] = "\(MessageID.jobCancelled)"
            logger.notice("job cancelled by \(decision.user)", metadata: metadata)
        case .deferred(let until, let reason):
            metadata["message_id"] = "\(MessageID.jobDeferred)"
            logger.info("job deferred until \(until.text): \(JobSummary.short(reason))", metadata: metadata)
        case .held(let hold):
            metadata["message_id"] = "\(MessageID.jobHeld)"
            logger.warning("job held: \(JobSummary.short(hold.message))", metadata: metadata)
        default: break
        }
    }
}
