import Jobs
import Spool
import Synchronization
import Tools
import Workflow

/// A job's history as the workflow sees it: every record appended, synced where it must be, and shown to the observer.
///
/// It also keeps the job's claim to a worker: a wait for a retry gives the worker back when nothing else of the job
/// runs, and the next step waits for one again.
final class HistoryRecorder: StepRecorder {
    /// Who lends workers.
    protocol Lender: Sendable {
        /// Gives the job's worker back, unless one of its steps runs.
        func giveBackWorker(of job: JobName) async
        /// Returns when the job has a worker, at once when it has one.
        func waitForWorker(of job: JobName) async throws
        /// - Throws: `CancellationError`, also at once when the daemon is asked to stop.
        func sleep(for duration: Duration) async throws
    }

    private let job: OwnedJob
    private let node: SpoolNode
    private let observer: any JobObserver
    private let lender: any Lender
    private let stopping: StopFlag
    private let pausing: StopFlag
    private let worker: WorkerClaim
    private let gate: StepGate
    private let lock: NodeLock
    private let knownSecrets: Mutex<EventRedaction>
    private let earlier = Mutex<EarlierJob?>(nil)

    init(
        _ job: OwnedJob,
        node: SpoolNode,
        observer: any JobObserver,
        lender: any Lender,
        worker: WorkerClaim,
        gate: StepGate,
        lock: NodeLock,
        stopping: StopFlag,
        pausing: StopFlag,
        redactor: Redactor
    ) {
        self.job = job
        knownSecrets = Mutex(EventRedaction(redactor))
        self.node = node
        self.observer = observer
        self.lender = lender
        self.worker = worker
        self.gate = gate
        self.lock = lock
        self.stopping = stopping
        self.pausing = pausing
    }

    var isStopping: Bool { stopping.isSet || pausing.isSet }

    /// What is redacted of the job's records as far as it is known now.
    var redaction: EventRedaction { knownSecrets.withLock { $0 } }

    /// Hides from now on what path rules name in the job's input, and in what its steps were given and gave before.
    func hideValues(of context: JobContext) {
        knownSecrets.withLock { redaction in
            redaction.hide(valuesOf: context.scope.input, root: .input)
            redaction.hideValues(of: job.replay.steps)
        }
    }

    private var archive: JobArchive { JobArchive(job: job, node: node) }

    /// Takes outputs from `earlier`, the job that this one resumes.
    func resume(_ earlier: EarlierJob?) { self.earlier.withLock { $0 = earlier } }

    func earlierOutput(of question: StepQuestion) async throws -> EarlierOutput? {
        try await earlier.withLock(\.self)?.takeOutput(of: question)
    }

    func begin(_ input: JSON) { knownSecrets.withLock { $0.hide(valuesOf: input, root: .input) } }

    func entry(of step: String) -> StepLedger.Entry? { archive.entry(of: step) }

    func outcome(of step: String) async throws -> JobEvent? { try await archive.outcome(of: step) }

    func makeFile(_ name: String) async throws -> any ResultFile { try await archive.makeFile(name) }

    func approval(of step: String) -> Approval? { job.replay.steps.approvals[step] }

    func denial(of step: String) -> Denial? { job.replay.steps.denials[step] }

    func underWay<Value: Sendable>(
        _ step: String,
        suspicion: Suspicion?,
        _ body: (_ isAlone: Bool) async throws -> Value
    ) async throws -> Value {
        // First of all, so that a step that begins to wait now does not give away the worker that this one gets.
        let hasWorker = worker.begin(step)
        // Again, where its outcome was recorded: one whose model rests has none.
        defer { worker.end(step) }
        // A step that waits for a worker must not keep a suspected one from running alone.
        if !hasWorker {
            try await Waits.during(JobSummary.awaitsWorker) { try await lender.waitForWorker(of: job.name) }
        }
        let turn = try await gate.enter(
            job.name,
            isSuspected: suspicion != nil,
            reason: suspicion?.waits ?? Suspicion.othersWait
        )
        defer { gate.end(turn) }
        try await note(turn.isAlone ? .alone : .together)
        return try await body(turn.isAlone)
    }

    /// Before anything is under way, so that its death is judged by it.
    private func note(_ activity: NodeActivity) async throws {
        if lock.isNoted(activity) { return }
        try await node.run { [lock] in try lock.note(activity) }
    }

    func record(_ event: JobEvent, durably: Bool) async throws {
        // Outside the lock: other steps need not wait while a long text is looked through.
        let redaction = knownSecrets.withLock { redaction in
            redaction.hideValues(of: event)
            return redaction
        }
        let event = redaction.redacted(event)
        if case .stepCompleted(let step) = event, step.kind == .tool { try await node.syncArtifacts(of: job) }
        let (record, replay) =
            durably ? try await node.commit(.step(event), on: job) : try await node.note(event, on: job)
        observer.jobChanged(replay, record)
        switch event {
        case .stepCompleted(let step): worker.end(step.step)
        case .stepFailed(let step): worker.end(step.step)
        case .stepWaits(let step): worker.end(step.step)
        default: break
        }
    }

    func pause(for duration: Duration) async throws {
        await lender.giveBackWorker(of: job.name)
        try await lender.sleep(for: duration)
        if isStopping { throw CancellationError() }
    }
}

/// Set once, when the daemon is asked to stop.
final class StopFlag: Sendable {
    private let flag = Mutex(false)

    var isSet: Bool { flag.withLock { $0 } }

    func set() { flag.withLock { $0 = true } }
}
