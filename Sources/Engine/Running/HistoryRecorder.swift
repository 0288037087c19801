import Documents
import Jobs
import Redaction
import Spool
import Synchronization
import Threads
import Tools
import Workflow

/// Appends the events of a running workflow to its job's history, syncs them where it must, and notifies the
/// observers.
///
/// It also manages the job's claim to a worker: a wait for a retry gives the worker back when no other step of the job
/// runs, and the next step waits for a worker again.
final class HistoryRecorder: StepRecorder {
    /// Lends workers to jobs.
    protocol Lender: Sendable {
        /// Gives the job's worker back, unless one of its steps runs.
        func giveBackWorker(of job: JobName) async
        /// Returns when the job has a worker, at once when it has one.
        func waitForWorker(of job: JobName) async throws
        /// - Throws: `CancellationError`, at once when the daemon is stopping.
        func sleep(for duration: Duration) async throws
    }

    private let job: OwnedJob
    private let node: SpoolNode
    private let observers: JobObservers
    private let lender: any Lender
    private let stopping: StopFlag
    private let pausing: StopFlag
    private let worker: WorkerLease
    private let gate: StepGate
    private let lock: NodeLock
    private let knownSecrets: Mutex<EventRedaction>
    private let earlier = Mutex<ResumeSource?>(nil)

    init(
        _ job: OwnedJob,
        node: SpoolNode,
        observers: JobObservers,
        lender: any Lender,
        worker: WorkerLease,
        gate: StepGate,
        lock: NodeLock,
        stopping: StopFlag,
        pausing: StopFlag,
        redactor: Redactor
    ) {
        self.job = job
        knownSecrets = Mutex(EventRedaction(redactor))
        self.node = node
        self.observers = observers
        self.lender = lender
        self.worker = worker
        self.gate = gate
        self.lock = lock
        self.stopping = stopping
        self.pausing = pausing
    }

    var isStopping: Bool { stopping.isSet || pausing.isSet }

    /// The redaction of the job's records, with every secret that is known now.
    var redaction: EventRedaction { knownSecrets.withLock { $0 } }

    /// Hides from now on the values that path rules name in the job's input, and in its earlier arguments and outputs.
    func hideValues(of context: JobContext) {
        knownSecrets.withLock { redaction in
            redaction.hide(valuesOf: context.scope.input, root: .input)
            redaction.hideValues(of: job.replay.steps)
        }
    }

    private var archive: JobArchive { JobArchive(job: job, node: node) }

    /// Takes outputs from `earlier`, the job that this one resumes.
    func resume(_ earlier: ResumeSource?) { self.earlier.withLock { $0 = earlier } }

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
        // First, so that another step's wait for a retry cannot give back the worker that this step gets.
        let hasWorker = worker.begin(step)
        // `record` has done this for a step with an outcome; a step whose model rests has none.
        defer { worker.end(step) }
        // A step that waits for a worker must not keep a suspected one from running alone.
        if !hasWorker {
            try await WaitReasons.during(JobSummary.awaitsWorker) { try await lender.waitForWorker(of: job.name) }
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

    /// Notes what the node is about to do, so that the next daemon can judge a death of this one by it.
    private func note(_ activity: NodeActivity) async throws {
        if lock.isNoted(activity) { return }
        try await node.run { [lock] in try lock.note(activity) }
    }

    func record(_ event: JobEvent, durably: Bool) async throws {
        // Outside the lock, so that other steps do not wait while a long text is searched.
        let redaction = knownSecrets.withLock { redaction in
            redaction.hideValues(of: event)
            return redaction
        }
        let event = redaction.redacted(event)
        if case .stepCompleted(let step) = event, step.kind == .tool { try await node.syncArtifacts(of: job) }
        let (record, replay) =
            durably ? try await node.commit(.step(event), on: job) : try await node.note(event, on: job)
        observers.jobChanged(replay, record)
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

/// A flag that is set once and never cleared.
final class StopFlag: Sendable {
    private let flag = Mutex(false)

    var isSet: Bool { flag.withLock { $0 } }

    func set() { flag.withLock { $0 = true } }
}
