import Documents
package import Jobs
package import Logging
import OrderedCollections
package import Spool
package import Workflow

/// Takes drops and due jobs from the spool, runs their workflows, and puts them where they belong.
///
/// One actor decides; the syscalls run on the spool's threads, the workflows in tasks of their own. It sleeps until
/// inotify, a due time or a finished job wakes it.
package actor JobEngine: HistoryRecorder.Lender {
    let node: SpoolNode
    let lock: NodeLock
    let watch: InboxWatch
    /// From the configuration in force; a drop or a job in progress keeps what it began with.
    var catalog: Catalog
    var settings: EngineSettings
    let observers: JobObservers
    let isTaken: @Sendable (JobID) -> Bool
    var runner: JobRunner
    let logger: Logger
    let clock: any Clock<Duration>
    let wallClock: WallClock
    let stopping = StopFlag()
    let gate: StepGate

    var schedule: Schedule
    /// Jobs that had a suspected step when they were claimed, and some that have left since.
    var suspects: Set<JobName> = []
    /// Every job that this node has claimed, until its end.
    var jobs: [JobName: ActiveJob] = [:]
    var intakes: [String: Intake] = [:]
    /// Drops that a previous run took and did not accept.
    var takenBefore: [SpoolNode.InterruptedAccept] = []
    /// The number of the latest part.
    var parts = JobEngine.firstPart
    var deferred = DeferredJobs()
    var held = HeldJobs()
    /// After a disk failure: nothing is claimed from `deferred/` until then.
    var claimsPausedUntil: Timestamp?
    /// `processing/` may hold jobs that a disk failure interrupted and that the engine does not run.
    var mayHaveStranded = false
    var mustTakeUpStranded = false
    /// Jobs whose unreadable history was logged.
    var unreadable: Set<JobName> = []
    /// A full scan is due: the loop looks for dead nodes and stranded jobs.
    var mustLookAround = false
    /// The back-off after failures, until the engine scans everything again.
    var trouble = RetryBackoff()
    /// Files in `control/` that were refused and logged, and cannot be removed.
    var refusedRequests: Set<String> = []
    /// Which lasting errors were logged.
    var complaints = LogDeduplicator()
    /// The heartbeat at which lost events were last logged.
    var lossLoggedAt: Int?
    /// Heartbeats so far.
    var beats = 0
    /// Names in `processing/` without a lock, each with the heartbeat at which that was first seen.
    var lockMissingSince: [String: Int] = [:]
    var controlMayHaveRequests = true
    /// The settled jobs of the requests in `control/`, by file.
    var settledJobs: [String: Set<JobID>] = [:]
    /// A request is about a job that may still be arriving.
    var requestsWaitForIntake = false
    var mustWatchAgain = false
    /// The configuration of a reload; the loop applies it.
    var nextConfiguration: PendingConfiguration?
    /// Called for each request to reload the configuration, with its file in `control/`, which the callee removes.
    let onReload: @Sendable (String) -> Void
    /// The first failure after which the node must stop.
    var failure: (any Error)?

    let wakeUps: AsyncStream<Void>
    let wakeUp: AsyncStream<Void>.Continuation
    var timer: (at: Timestamp, number: Int, task: Task<Void, Never>)?
    var timersSet = 0
    /// The waits of steps for a retry.
    var pauses: [Int: Task<Void, any Error>] = [:]
    var pausesBegun = 0
    var housekeeping: [Task<Void, Never>] = []
    var graceTimer: Task<Void, Never>?
    var stopNote: Task<Void, Never>?
    /// Runs while no step may begin because of a suspected one.
    var quietTimer: Task<Void, Never>?
    /// Limits how long suspected steps keep the others waiting, and then how long the others run.
    var guardTimer: Task<Void, Never>?
    /// Whether the observers were notified that most jobs wait for suspected steps.
    var isGateReportedClosed = false

    /// A job that this node has claimed.
    struct ActiveJob {
        var job: OwnedJob
        var queue: String
        /// A step that was suspected when the job was claimed.
        var suspicion: Suspicion?
        /// Nil until it runs.
        var task: Task<Void, Never>?
        let worker = WorkerLease()
        /// Steps that wait for the job to have a worker again.
        var waitingForWorker: [CheckedContinuation<Void, any Error>] = []
        /// A requested cancel or hold; it is committed as soon as the job's steps end.
        var request: JobCommand?
        /// Set when no further step may begin.
        let pausing = StopFlag()
    }

    package init(
        node: SpoolNode,
        lock: NodeLock,
        watch: InboxWatch,
        catalog: Catalog,
        settings: EngineSettings,
        observers: [any JobObserver],
        provider: any WorkflowProvider,
        isTaken: @escaping @Sendable (JobID) -> Bool,
        environment: RunEnvironment,
        logger: Logger,
        wakeUps: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation),
        onReload: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.node = node
        self.lock = lock
        self.watch = watch
        self.catalog = catalog
        self.settings = settings
        self.observers = JobObservers(observers)
        self.isTaken = isTaken
        self.logger = logger
        self.onReload = onReload
        self.wakeUps = wakeUps.stream
        wakeUp = wakeUps.continuation
        gate = StepGate { [wakeUp] in wakeUp.yield() }
        clock = environment.clock
        wallClock = environment.wallClock
        runner = JobRunner(
            node: node,
            observers: self.observers,
            provider: provider,
            environment: environment,
            budgets: QueueBudgets(catalog.queues.values, clock: environment.wallClock),
            redactor: catalog.redactor,
            logger: logger
        )
        schedule = Schedule(queues: catalog.queues.values, concurrency: settings.concurrency)
    }

    /// The stream that wakes an engine; it buffers one element, which is enough.
    package static func makeWakeUps() -> (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation) {
        AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Life

    /// Works until ``stop()``, or until nothing is left in a drain.
    ///
    /// - Parameter onReady: Called once, after the jobs of the previous run are taken over and before new ones are
    ///   claimed.
    /// - Throws: `SyncFailure` or `SpoolError` after which the node must not go on: what was not synced was not
    ///   acknowledged. ``IncompleteDrain`` after a drain that left drops.
    package func run(onReady: @Sendable () async -> Void) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await work(onReady: onReady)) } catch { result = .failure(error) }
        await end()
        if let failure { throw failure }
        try result.get()
    }

    private func work(onReady: @Sendable () async -> Void) async throws {
        try await recover()
        if failure != nil { return }
        try startIntake()
        startHousekeeping()
        await onReady()
        var changes = wakeUps.makeAsyncIterator()
        // The stream also ends when the calling task is cancelled.
        repeat {
            await runIteration()
            if isFinished { return try checkDrained() }
        } while await changes.next(isolation: self) != nil
    }

    /// Waits for all tasks: none of them outlives ``run(onReady:)``.
    private func end() async {
        stop()
        cancelRunning()
        while let task = jobs.values.lazy.compactMap(\.task).first { await task.value }
        while let task = intakes.values.lazy.flatMap(\.accepting.values).first { await task.value }
        endTimers()
        for task in housekeeping { await task.value }
        await stopNote?.value
    }

    /// Stops claiming; gives running steps ``EngineSettings/stopGrace`` to end, then cancels them. The next start
    /// resumes what is left.
    package func stop() {
        guard !stopping.isSet else { return }
        stopping.set()
        refuseConfiguration()
        // From now on a death of the daemon counts against none of its steps.
        noteStop()
        gate.stop()
        // Steps that only wait, for a worker or for a retry, end at once.
        for name in jobs.keys { releaseWaiting(of: name) }
        for pause in pauses.values { pause.cancel() }
        graceTimer = Task { [settings, clock] in
            guard (try? await clock.sleep(for: settings.stopGrace)) != nil else { return }
            self.cancelRunning()
        }
        wake()
    }

    /// Returns when the engine's actor answers, which proves its health to the watchdog.
    package func isAlive() {}

    nonisolated func wake() { wakeUp.yield() }

    private var isRunningAny: Bool { jobs.values.contains { $0.task != nil } }

    private var isFinished: Bool {
        if stopping.isSet { return !isRunningAny }
        return settings.drains && jobs.isEmpty && !mayHaveStranded && intakes.values.allSatisfy(\.isDrained)
            && !hasDueJobs && !controlMayHaveRequests && schedule.waiting == 0
    }

    /// A drain fails when it leaves drops that cannot be moved.
    private func checkDrained() throws(IncompleteDrain) {
        let count = intakes.values.reduce(0) { $0 + $1.immovable.count }
        if settings.drains, !stopping.isSet, count > 0 { throw IncompleteDrain(count: count) }
    }

    /// Due times are rounded up to seconds: a job that is put back to run at once is due within this second.
    private var hasDueJobs: Bool {
        let now = wallClock.now
        return deferred.isDue(at: Timestamp(compactText: now.compactText) ?? now)
    }

    private func cancelRunning() {
        for active in jobs.values { active.task?.cancel() }
    }

    /// Stops the node after a failed fsync or a lost lock.
    func fail(_ error: any Error) {
        if failure == nil {
            failure = error
            logger.critical("\(error)", metadata: ["message_id": "\(MessageID.syncFailed)", "node": "\(node.node)"])
            // A record may be on disk that the observers have not seen.
            observers.recordsMayBeMissing()
        }
        stop()
        cancelRunning()
    }

    // MARK: The loop

    /// Does all work that is due. Jobs are claimed and requests carried out only here, one after another, so that no
    /// two of these work on the same job.
    private func runIteration() async {
        takeConfiguration()
        noteChanges()
        if !stopping.isSet {
            await lookAround()
            await carryOutRequests()
            await expireApprovals()
            await claimDue()
            // An arriving job cannot be distinguished from a stranded one.
            if !mustTakeUpStranded { await takeIn() }
        }
        schedule.endPatience(at: wallClock.now)
        startJobs()
        watchGate()
        armTimer()
    }

    private func lookAround() async {
        if trouble.isOver(at: wallClock.now) { requestFullScan() }
        if mustLookAround {
            mustLookAround = false
            if mustWatchAgain { watchAgain() }
            await takeOverDeadNodes()
            mustTakeUpStranded = mayHaveStranded
        }
        if mustTakeUpStranded, !isAccepting {
            mustTakeUpStranded = false
            await takeUpStranded()
        }
    }

    private func noteChanges() {
        let changes = watch.takeChanges()
        if changes.isIncomplete {
            // With a short inotify queue this happens at every drop.
            if lossLoggedAt.map({ beats - $0 >= 4 }) ?? true {
                lossLoggedAt = beats
                logger.notice("events were lost; every inbox is looked at")
            }
            requestFullScan()
            watchAgain()
        }
        for directory in changes.directories {
            if directory == SpoolLayout.control { controlMayHaveRequests = true }
            if directory == JobEngine.parents { noteNewDirectories() }
            intakes[directory]?.isChanged = true
        }
    }

    func requestFullScan() {
        mustLookAround = true
        controlMayHaveRequests = true
        deferred.mustScan = true
        held.mustScan = true
        for queue in intakes.keys {
            intakes[queue]?.isChanged = true
            intakes[queue]?.immovable = []
        }
    }
}

extension OwnedJob {
    var priority: Int { withAcceptance { $0?.priority ?? 0 } }
    var queue: String { withAcceptance { $0?.queue ?? "" } }
}
