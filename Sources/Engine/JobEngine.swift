package import Jobs
package import Logging
import Metrics
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
    let catalog: Catalog
    let settings: EngineSettings
    let observer: any JobObserver
    let isTaken: @Sendable (JobID) -> Bool
    let runner: JobRunner
    let logger: Logger
    let clock: any Clock<Duration>
    let wallClock: WallClock
    let stopping = StopFlag()

    var schedule: Schedule
    /// Every job in this node's hands, from its claim to its end.
    var jobs: [JobName: ActiveJob] = [:]
    var intakes: [String: Intake] = [:]
    var deferred = DeferredJobs()
    /// Jobs in `processing/` that a failing disk kept from going on; they are taken over again later.
    var stranded: Set<JobName> = []
    var controlMayHaveRequests = true
    /// The first failure after which the node must stop.
    var failure: (any Error)?

    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    private var timer: (at: Timestamp, task: Task<Void, Never>)?
    private var housekeeping: [Task<Void, Never>] = []
    private var graceTimer: Task<Void, Never>?

    /// A job in this node's hands.
    struct ActiveJob {
        var job: OwnedJob
        var queue: String
        /// Nil until it runs.
        var task: Task<Void, Never>?
        var hasWorker = false
        /// Steps that wait for the job to have a worker again.
        var waitingForWorker: [CheckedContinuation<Void, Never>] = []
        var cancellation: Decision?
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
        wakeUps: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
    ) {
        self.node = node
        self.lock = lock
        self.watch = watch
        self.catalog = catalog
        self.settings = settings
        self.observer = observer
        self.isTaken = isTaken
        self.logger = logger
        self.wakeUps = wakeUps.stream
        wakeUp = wakeUps.continuation
        clock = environment.clock
        wallClock = environment.wallClock
        runner = JobRunner(
            node: node,
            observer: observer,
            provider: provider,
            environment: environment,
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
        defer { endTimers() }
        try await recover()
        try startIntake()
        startHousekeeping()
        await onReady()
        await pump()
        for await _ in wakeUps {
            await pump()
            if isFinished { break }
        }
        for active in jobs.values { await active.task?.value }
        if let failure { throw failure }
    }

    /// Stops claiming; gives running steps ``EngineSettings/stopGrace`` to end, then cancels them. Everything that is
    /// left is resumed by the next start.
    package func stop() {
        guard !stopping.isSet else { return }
        stopping.set()
        releaseAllWaiting()
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
        return settings.drains && jobs.isEmpty && intakes.values.allSatisfy(\.isDrained)
            && !deferred.isDue(at: wallClock.now) && !controlMayHaveRequests && schedule.waiting == 0
    }

    private func cancelRunning() {
        for active in jobs.values { active.task?.cancel() }
    }

    private func releaseAllWaiting() {
        for name in jobs.keys {
            let waiting = jobs[name]?.waitingForWorker ?? []
            jobs[name]?.waitingForWorker = []
            for continuation in waiting { continuation.resume() }
        }
    }

    /// The node cannot go on: a flush failed, or its lock is lost.
    func fail(_ error: any Error) {
        if failure == nil {
            failure = error
            logger.critical("\(error)", metadata: ["message_id": "\(MessageID.syncFailed)", "node": "\(node.node)"])
        }
        stop()
        cancelRunning()
    }

    // MARK: The loop

    private func pump() async {
        noteChanges()
        if !stopping.isSet {
            await carryOutRequests()
            await claimDue()
            await takeIn()
        }
        startJobs()
        armTimer()
    }

    private func noteChanges() {
        let changes = watch.takeChanges()
        if changes.isIncomplete {
            logger.notice("events were lost; every inbox is looked at")
            lookEverywhere()
            watchAgain()
        }
        for directory in changes.directories {
            if directory == SpoolLayout.control { controlMayHaveRequests = true }
            intakes[directory]?.isChanged = true
        }
    }

    func lookEverywhere() {
        controlMayHaveRequests = true
        deferred.mustScan = true
        for queue in intakes.keys { intakes[queue]?.isChanged = true }
    }

    private func startJobs() {
        guard !stopping.isSet else { return }
        while let ticket = schedule.takeNext() {
            guard var active = jobs[ticket.job] else {
                schedule.release(queue: ticket.queue)
                continue
            }
            active.hasWorker = true
            let waiting = active.waitingForWorker
            active.waitingForWorker = []
            if active.task == nil { active.task = start(active.job) }
            jobs[ticket.job] = active
            for continuation in waiting { continuation.resume() }
        }
    }

    private func start(_ job: OwnedJob) -> Task<Void, Never> {
        let recorder = HistoryRecorder(job, node: node, observer: observer, lender: self, stopping: stopping)
        return Task {
            let result: Result<JobRunner.Ending, any Error>
            do { result = .success(try await runner.run(job, recorder: recorder)) } catch { result = .failure(error) }
            await self.jobEnded(job, result)
        }
    }

    private func jobEnded(_ job: OwnedJob, _ result: Result<JobRunner.Ending, any Error>) async {
        defer { wake() }
        var result = result
        if case .success(.cancelled) = result, let decision = jobs[job.name]?.cancellation {
            do { result = .success(try await runner.commit(.cancel(decision), on: job)) } catch {
                result = .failure(error)
            }
        }
        guard let active = jobs.removeValue(forKey: job.name) else { return }
        if active.hasWorker { schedule.release(queue: active.queue) }
        switch result {
        case .success(.ended(let outcome)):
            Counter(label: "agentspool_jobs_ended", dimensions: [("outcome", outcome.rawValue)]).increment()
        case .success(.deferred(let name, let until)): deferred.add(name, due: until)
        case .success(.held), .success(.interrupted), .success(.cancelled): break
        case .failure(let error): strand(job.name, error)
        }
    }

    /// A job that the disk kept from going on stays where it is, and is taken up again when the disk may be well.
    func strand(_ job: JobName, _ error: any Error) {
        if error is SyncFailure { return fail(error) }
        stranded.insert(job)
        logger.error("\(error); the job is tried again later", metadata: ["job": "\(job.id)"])
    }

    // MARK: Workers

    func giveBackWorker(of job: JobName) {
        guard jobs[job]?.hasWorker == true, let queue = jobs[job]?.queue else { return }
        jobs[job]?.hasWorker = false
        schedule.release(queue: queue)
        wake()
    }

    func waitForWorker(of job: JobName) async throws {
        guard let active = jobs[job], !active.hasWorker, !stopping.isSet else { return }
        await withCheckedContinuation { continuation in
            if jobs[job]?.waitingForWorker.isEmpty == true {
                var ticket = Schedule.Ticket(job: job, queue: active.queue, priority: active.job.priority)
                ticket.isResumed = true
                schedule.add(ticket)
            }
            jobs[job]?.waitingForWorker.append(continuation)
            wake()
        }
        if stopping.isSet { throw CancellationError() }
    }

    nonisolated func sleep(for duration: Duration) async throws { try await clock.sleep(for: duration) }

    // MARK: Timers

    /// Wakes at the next due time or settling look; at the scan interval in any case, for clocks that jump.
    private func armTimer() {
        let now = wallClock.now
        let times = [deferred.nextDue, intakes.values.compactMap(\.nextLook).min()].compactMap(\.self)
        guard let next = times.min(), !stopping.isSet else { return }
        if let timer, timer.at <= next, timer.at > now { return }
        timer?.task.cancel()
        let wait = max(.zero, min(next - now, settings.scanInterval))
        timer = (
            next,
            Task { [clock] in
                guard (try? await clock.sleep(for: wait)) != nil else { return }
                self.wake()
            }
        )
    }

    private func startHousekeeping() {
        housekeeping = [
            Task { [clock, settings] in
                var beats = 0
                while (try? await clock.sleep(for: settings.heartbeatInterval)) != nil {
                    beats += 1
                    await self.beat(beats)
                }
            },
            Task { [clock, settings] in
                while (try? await clock.sleep(for: settings.scanInterval)) != nil { await self.scanAll() }
            },
        ]
    }

    private func beat(_ count: Int) async {
        let now = wallClock.now
        do {
            try await node.run { [lock] in try lock.beat(counter: count, now: now) }
        } catch {
            fail(error)
        }
    }

    private func scanAll() async {
        lookEverywhere()
        await takeUpStranded()
        await takeOverDeadNodes()
        wake()
    }

    private func endTimers() {
        for task in housekeeping { task.cancel() }
        timer?.task.cancel()
        graceTimer?.cancel()
    }
}

extension OwnedJob {
    var priority: Int { replay.acceptance?.priority ?? 0 }
    var queue: String { replay.acceptance?.queue ?? "" }
}
