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
    let observers: JobObservers
    let isTaken: @Sendable (JobID) -> Bool
    let logger: Logger
    let clock: any Clock<Duration>
    let wallClock: WallClock
    let stopping = StopFlag()
    let gate: StepGate
    let hooks: any HookRunner

    /// Called for each request to reload the configuration, with its file in `control/`, which the callee removes.
    let onReload: @Sendable (String) -> Void
    let wakeUps: AsyncStream<Void>
    let wakeUp: AsyncStream<Void>.Continuation

    var configuration: ActiveConfiguration
    var schedule: Schedule
    var jobs = ActiveJobs()
    var inboxes = Inboxes()
    var resting = RestingJobs()
    var requests = Requests()
    var recovery = Recovery()
    var heartbeats = Heartbeats()
    var timers = Timers()
    /// Which lasting errors were logged.
    var loggedErrors = LogDeduplicator()
    /// The first failure after which the node must stop.
    var failure: (any Error)?

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
        hooks: any HookRunner,
        logger: Logger,
        wakeUps: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation),
        onReload: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.node = node
        self.lock = lock
        self.watch = watch
        let observers = JobObservers(observers)
        self.observers = observers
        self.isTaken = isTaken
        self.logger = logger
        self.hooks = hooks
        self.onReload = onReload
        self.wakeUps = wakeUps.stream
        wakeUp = wakeUps.continuation
        gate = StepGate { [wakeUp] in wakeUp.yield() }
        clock = environment.clock
        wallClock = environment.wallClock
        let runner = JobRunner(
            node: node,
            observers: observers,
            provider: provider,
            environment: environment,
            budgets: QueueBudgets(catalog.queues.values, clock: environment.wallClock),
            redactor: catalog.redactor,
            logger: logger
        )
        configuration = ActiveConfiguration(catalog, settings, runner: runner)
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
        let taken = try await recover()
        if failure != nil { return }
        try openInboxes(accepting: taken)
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
        while let task = jobs.anyTask { await task.value }
        while let task = inboxes.anyTask { await task.value }
        while let task = resting.deliveries.anyTask { await task.value }
        await endTimers()
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
        for name in jobs.names { releaseWaiting(of: name) }
        timers.cancelPauses()
        startGrace()
        wake()
    }

    /// Returns when the engine's actor answers, which proves its health to the watchdog.
    package func isAlive() {}

    nonisolated func wake() { wakeUp.yield() }

    private var isFinished: Bool {
        if stopping.isSet { return !jobs.isRunningAny && !resting.deliveries.isRunningAny }
        return settings.drains && jobs.isEmpty && recovery.isDone && inboxes.areDrained
            && !hasDueJobs && !resting.deliveries.isRunningAny && requests.areDone && schedule.waiting == 0
    }

    /// A drain fails when it leaves drops that cannot be moved.
    private func checkDrained() throws(IncompleteDrain) {
        let count = inboxes.immovableCount
        if settings.drains, !stopping.isSet, count > 0 { throw IncompleteDrain(count: count) }
    }

    /// Due times are rounded up to seconds: a job that is put back to run at once is due within this second.
    private var hasDueJobs: Bool {
        let now = wallClock.now
        let soon = Timestamp(compactText: now.compactText) ?? now
        return resting.deferred.isDue(at: soon) || resting.deliveries.marks.isDue(at: now)
    }

    func cancelRunning() {
        for active in jobs.all { active.task?.cancel() }
        resting.deliveries.cancelAll()
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
            if !recovery.isTakeUpDue { await takeIn() }
        }
        schedule.endPatience(at: wallClock.now)
        await startDeliveries()
        startJobs()
        watchGate()
        armTimer()
    }

    private func lookAround() async {
        if recovery.mustTryAgain(at: wallClock.now) { requestFullScan() }
        if recovery.beginLookAround() {
            if recovery.isWatchMissing { watchAgain() }
            await takeOverDeadNodes()
            recovery.endLookAround()
        }
        if recovery.isTakeUpDue, !inboxes.isAccepting {
            recovery.beginTakeUp()
            await takeUpStranded()
        }
    }

    private func noteChanges() {
        let changes = watch.takeChanges()
        if changes.isIncomplete {
            if heartbeats.eventsWereLost() { logger.notice("events were lost; every inbox is looked at") }
            requestFullScan()
            watchAgain()
        }
        for directory in changes.directories {
            if directory == SpoolLayout.control { requests.directoryChanged() }
            if directory == JobEngine.parents { noteNewDirectories() }
            inboxes.changed(directory)
        }
    }

    func requestFullScan() {
        recovery.fullScanIsDue()
        requests.directoryChanged()
        resting.deferred.mustScan = true
        resting.held.mustScan = true
        resting.deliveries.marks.mustScan = true
        inboxes.fullScanIsDue()
    }
}

/// What the configuration in force says.
extension JobEngine {
    var catalog: Catalog { configuration.catalog }
    var settings: EngineSettings { configuration.settings }
    var runner: JobRunner { configuration.runner }
}

extension OwnedJob {
    var priority: Int { withAcceptance { $0?.priority ?? 0 } }
    var queue: String { withAcceptance { $0?.queue ?? "" } }
}
