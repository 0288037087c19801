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
    /// As the configuration in force has it; a drop or a job that is under way keeps what it began with.
    var catalog: Catalog
    var settings: EngineSettings
    let observer: any JobObserver
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
    /// Every job in this node's hands, from its claim to its end.
    var jobs: [JobName: ActiveJob] = [:]
    var intakes: [String: Intake] = [:]
    /// Drops that a former life took and did not accept.
    var takenBefore: [SpoolNode.Unaccepted] = []
    /// How often drops were taken together.
    var parts = JobEngine.firstPart
    var deferred = DeferredJobs()
    var held = HeldJobs()
    /// Nothing is claimed from `deferred/` until then: the disk failed.
    var claimsPausedUntil: Timestamp?
    /// Jobs may lie in `processing/` that a failing disk kept from going on, and that nobody works on.
    var mayHaveStranded = false
    var mustTakeUpStranded = false
    /// Jobs whose history cannot be read, and that was said.
    var unreadable: Set<JobName> = []
    /// The slow timer has come: dead nodes and stranded jobs are looked for.
    var mustLookAround = false
    /// Something could not be done; when everything is looked at again.
    var trouble = Trouble()
    /// Files in `control/` that are no requests, cannot be removed, and were told of.
    var refusedRequests: Set<String> = []
    /// What was told of troubles that last.
    var complaints = Complaints()
    /// The heartbeat at which was told last that events were lost.
    var lossToldAt: Int?
    /// Heartbeats so far.
    var beats = 0
    /// Names in `processing/` that have no lock, and at which heartbeat that was first seen.
    var lockMissingSince: [String: Int] = [:]
    var controlMayHaveRequests = true
    /// Of requests in `control/`, by file, the jobs that they were carried out for.
    var settledJobs: [String: Set<JobID>] = [:]
    /// A request is about a job that may just be arriving.
    var requestsWaitForIntake = false
    var mustWatchAgain = false
    /// What a reload wants to be in force; the loop takes it.
    var nextConfiguration: NextConfiguration?
    /// Is told of requests to read the configuration again, by the file in `control/`, which it removes.
    let onReload: @Sendable (String) -> Void
    /// The first failure after which the node must stop.
    var failure: (any Error)?

    let wakeUps: AsyncStream<Void>
    let wakeUp: AsyncStream<Void>.Continuation
    var timer: (at: Timestamp, number: Int, task: Task<Void, Never>)?
    var timersSet = 0
    /// The waits of steps for their next try.
    var pauses: [Int: Task<Void, any Error>] = [:]
    var pausesBegun = 0
    var housekeeping: [Task<Void, Never>] = []
    var graceTimer: Task<Void, Never>?
    var stopNote: Task<Void, Never>?
    /// Runs while nothing may begin because of what is suspected.
    var quietTimer: Task<Void, Never>?
    /// Runs while what is suspected keeps the others waiting.
    var guardTimer: Task<Void, Never>?
    /// Whether it was told that most jobs wait for suspected steps.
    var isGateToldClosed = false

    /// A job in this node's hands.
    struct ActiveJob {
        var job: OwnedJob
        var queue: String
        /// A step that was suspected when the job was claimed.
        var suspicion: Suspicion?
        /// Nil until it runs.
        var task: Task<Void, Never>?
        let worker = WorkerClaim()
        /// Steps that wait for the job to have a worker again.
        var waitingForWorker: [CheckedContinuation<Void, any Error>] = []
        /// Set once a person has asked for it; it is carried out as soon as the job's steps let go.
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
        observer: any JobObserver,
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
        self.observer = observer
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
            observer: observer,
            provider: provider,
            environment: environment,
            budgets: QueueBudgets(catalog.queues.values, clock: environment.wallClock),
            redactor: catalog.redactor,
            logger: logger
        )
        schedule = Schedule(queues: catalog.queues.values, concurrency: settings.concurrency)
    }

    /// The stream that wakes an engine; one element waiting is enough.
    package static func makeWakeUps() -> (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation) {
        AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    // MARK: Life

    /// Works until ``stop()``, or until nothing is left when it drains.
    ///
    /// - Parameter onReady: Called once what a former life left has been taken over and before anything new is.
    /// - Throws: `SyncFailure` or `SpoolError` after which the node must not go on; what was not synced was not
    ///   acknowledged.
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
            await pump()
            if isFinished { return try checkDrained() }
        } while await changes.next(isolation: self) != nil
    }

    /// Waits for all that was begun: nothing of the engine goes on after ``run(onReady:)``.
    private func end() async {
        stop()
        cancelRunning()
        while let task = jobs.values.lazy.compactMap(\.task).first { await task.value }
        while let task = intakes.values.lazy.flatMap(\.accepting.values).first { await task.value }
        endTimers()
        for task in housekeeping { await task.value }
        await stopNote?.value
    }

    /// Stops claiming; gives running steps ``EngineSettings/stopGrace`` to end, then cancels them. Everything that is
    /// left is resumed by the next start.
    package func stop() {
        guard !stopping.isSet else { return }
        stopping.set()
        refuseConfiguration()
        // Whatever ends this life now, it is none of its steps.
        noteStop()
        gate.stop()
        // Steps that only wait, for a worker or for their next try, are not waited for.
        for name in jobs.keys { releaseWaiting(of: name) }
        for pause in pauses.values { pause.cancel() }
        graceTimer = Task { [settings, clock] in
            guard (try? await clock.sleep(for: settings.stopGrace)) != nil else { return }
            self.cancelRunning()
        }
        wake()
    }

    /// Returns when the engine's loop can answer: the proof of health behind the watchdog.
    package func isAlive() {}

    nonisolated func wake() { wakeUp.yield() }

    private var isRunningAny: Bool { jobs.values.contains { $0.task != nil } }

    private var isFinished: Bool {
        if stopping.isSet { return !isRunningAny }
        return settings.drains && jobs.isEmpty && !mayHaveStranded && intakes.values.allSatisfy(\.isDrained)
            && !hasDueJobs && !controlMayHaveRequests && schedule.waiting == 0
    }

    /// A drain has not done what it was asked for while drops lie there that cannot be taken.
    private func checkDrained() throws(DropsLeft) {
        let count = intakes.values.reduce(0) { $0 + $1.immovable.count }
        if settings.drains, !stopping.isSet, count > 0 { throw DropsLeft(count: count) }
    }

    /// Due times are rounded up to seconds: what was put back to run at once is due within this one.
    private var hasDueJobs: Bool {
        let now = wallClock.now
        return deferred.isDue(at: Timestamp(compactText: now.compactText) ?? now)
    }

    private func cancelRunning() {
        for active in jobs.values { active.task?.cancel() }
    }

    /// The node cannot go on: a flush failed, or its lock is lost.
    func fail(_ error: any Error) {
        if failure == nil {
            failure = error
            logger.critical("\(error)", metadata: ["message_id": "\(MessageID.syncFailed)", "node": "\(node.node)"])
            // A record may be on disk that nobody was shown.
            observer.recordsMayBeMissing()
        }
        stop()
        cancelRunning()
    }

    // MARK: The loop

    /// Does all there is to do. Only here are jobs claimed and requests carried out, one after another, so that no two
    /// of them ever have the same job in hand.
    private func pump() async {
        takeConfiguration()
        noteChanges()
        if !stopping.isSet {
            await lookAround()
            await carryOutRequests()
            await expireApprovals()
            await claimDue()
            // What arrives cannot be told from what is stranded.
            if !mustTakeUpStranded { await takeIn() }
        }
        schedule.endPatience(at: wallClock.now)
        startJobs()
        watchGate()
        armTimer()
    }

    private func lookAround() async {
        if trouble.isOver(at: wallClock.now) { lookEverywhere() }
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
            // With a short queue of events this comes with every drop.
            if lossToldAt.map({ beats - $0 >= 4 }) ?? true {
                lossToldAt = beats
                logger.notice("events were lost; every inbox is looked at")
            }
            lookEverywhere()
            watchAgain()
        }
        for directory in changes.directories {
            if directory == SpoolLayout.control { controlMayHaveRequests = true }
            if directory == JobEngine.parents { noteNewDirectories() }
            intakes[directory]?.isChanged = true
        }
    }

    func lookEverywhere() {
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
