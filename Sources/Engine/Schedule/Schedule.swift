package import Documents
package import Jobs

/// Decides which job runs next: queues with their own limits, one limit for all, and a bounded window of claimed jobs.
///
/// A pure value: it knows names, numbers and times, starts nothing and waits for nothing.
package struct Schedule: Sendable {
    /// A claimed job that waits for a worker.
    package struct Ticket: Sendable, Equatable {
        package var job: JobName
        package var queue: String
        /// 0 to 9, 9 first.
        package var priority: Int
        /// Its place in its queue.
        package var turn: JobID
        /// When its wait began.
        package var since: Timestamp
        /// The part of its drop: it starts when all drops of this part and of earlier parts are accepted.
        package var part: Int?
        /// Whether it came from `deferred/`, which has a window of its own.
        package var isDue: Bool

        package init(
            job: JobName,
            queue: String,
            priority: Int,
            turn: JobID? = nil,
            since: Timestamp? = nil,
            part: Int? = nil,
            isDue: Bool = false
        ) {
            let turn = turn ?? job.id
            (self.job, self.queue, self.priority) = (job, queue, min(max(priority, 0), ReadyQueue.priorityMax))
            (self.turn, self.since, self.part, self.isDue) = (turn, since ?? turn.time, part, isDue)
        }
    }

    private struct Queue {
        var settings: QueueSettings
        /// False for a queue that is not in the configuration.
        var isConfigured = true
        var waiting = ReadyQueue()
        var arriving = StartBarrier()
        var running = 0
        /// Jobs that gave their worker back while they wait for a retry in memory.
        var paused = 0

        /// The job that would start next; nil when none may.
        func next(_ recovering: StartBarrier) -> Ticket? {
            guard running < settings.concurrency else { return nil }
            return waiting.next(before: [arriving.firstPart, recovering.firstPart].lazy.compactMap(\.self).min())
        }
    }

    private var queues: [String: Queue] = [:]
    /// Jobs of a previous run that are being taken over; their queues are known only after that.
    private var recovering = StartBarrier()
    private var concurrency: Int
    private(set) var running = 0

    /// Claimed jobs that may wait, for each job that the queue may run: enough that workers never starve, few enough
    /// that a million drops cost no memory.
    private static let windowFactor = 2
    private static let windowMin = 32
    /// With high concurrency less is enough: not all jobs end at once, and each that waits costs memory.
    private static let windowMax = 1_024
    /// The window of due jobs, which are claimed before their queue is known.
    private static let claimWindowMin = 64

    package init(queues: some Sequence<QueueSettings>, concurrency: Int) {
        self.concurrency = concurrency
        for settings in queues { self.queues[settings.name] = Queue(settings: settings) }
    }

    /// Applies other settings from now on; running jobs continue, even where they are more than the settings allow.
    ///
    /// A queue that is not among `queues` has no more room for drops; its remaining jobs run with its last settings.
    package mutating func configure(queues: some Sequence<QueueSettings>, concurrency: Int) {
        self.concurrency = concurrency
        for name in self.queues.keys { self.queues[name]?.isConfigured = false }
        for settings in queues {
            self.queues[settings.name, default: Queue(settings: settings)].settings = settings
            self.queues[settings.name]?.isConfigured = true
        }
    }

    /// How many more drops of the queue may be accepted now.
    package func room(in name: String) -> Int {
        guard let queue = queues[name], queue.isConfigured else { return 0 }
        let claimed = queue.waiting.count + queue.arriving.count
        return max(0, min(window(of: queue), claimedMax(of: queue) - queue.paused) - claimed)
    }

    /// Whether to look for more drops: there is room for several, or for one and few wait. A look costs the same for
    /// one as for many.
    package func wantsMore(in name: String) -> Bool {
        guard let queue = queues[name] else { return false }
        let room = room(in: name)
        let enough = window(of: queue) / 4
        return room >= enough || (room > 0 && queue.waiting.count + queue.arriving.count < enough)
    }

    private func window(of queue: Queue) -> Int {
        min(Self.windowMax, claimedMax(of: queue))
    }

    /// The most claimed jobs, including those that gave their worker back, which would otherwise be without bound.
    private func claimedMax(of queue: Queue) -> Int {
        max(Self.windowMin, Self.windowFactor * min(queue.settings.concurrency, concurrency))
    }

    /// How many more jobs that are due may be claimed now, all queues together.
    package var claimRoom: Int {
        let window = max(Self.claimWindowMin, min(Self.windowMax, Self.windowFactor * concurrency))
        return max(0, window - queues.values.reduce(0) { $0 + $1.waiting.dueCount })
    }

    /// A drop of this part begins to be accepted, and its job will be added.
    package mutating func beginArriving(_ part: Int, in name: String, at now: Timestamp) {
        queues[name]?.arriving.begin(part, at: now)
    }

    /// The drop was accepted and its job added, or it becomes no job.
    package mutating func endArriving(_ part: Int, in name: String) { queues[name]?.arriving.end(part) }

    /// A job of a previous run begins to be taken over, in parts as drops are; part 0 is the last.
    package mutating func beginRecovering(_ part: Int, at now: Timestamp) { recovering.begin(part, at: now) }

    /// The job was added, or does not continue now.
    package mutating func endRecovering(_ part: Int) { recovering.end(part) }

    /// Lets jobs start whose part has waited too long for one of its drops.
    package mutating func endPatience(at now: Timestamp) {
        recovering.endPatience(at: now)
        for name in queues.keys { queues[name]?.arriving.endPatience(at: now) }
    }

    /// When a job may start without waiting for the rest of its part; nil when no job waits for that.
    package var patienceEnd: Timestamp? {
        queues.values.lazy
            .filter { $0.running < $0.settings.concurrency && $0.waiting.count > 0 && $0.next(recovering) == nil }
            .flatMap { [$0.arriving.patienceEnd, recovering.patienceEnd].compactMap(\.self) }.min()
    }

    /// Adds a job; a queue that is unknown runs with the default settings.
    package mutating func add(_ ticket: Ticket) {
        let unknown = Queue(settings: QueueSettings(name: ticket.queue, workflow: ""), isConfigured: false)
        // In place: a copy of the queue would copy all waiting jobs.
        queues[ticket.queue, default: unknown].waiting.add(ticket)
    }

    /// Takes the next job that may run, and counts it as running; nil when none may.
    package mutating func takeNext() -> Ticket? {
        guard running < concurrency else { return nil }
        var best: (ticket: Ticket, rank: Rank)?
        for queue in queues.values {
            guard let ticket = queue.next(recovering) else { continue }
            let rank = Rank(ticket, priority: queue.settings.priority)
            if best.map({ rank < $0.rank }) ?? true { best = (ticket, rank) }
        }
        guard let ticket = best?.ticket else { return nil }
        queues[ticket.queue]?.waiting.remove(ticket)
        queues[ticket.queue]?.running += 1
        running += 1
        return ticket
    }

    /// Takes this waiting job before all others, and counts it as running; nil when there is no worker for it.
    package mutating func take(_ job: JobID, queue name: String) -> Ticket? {
        guard running < concurrency, let queue = queues[name], queue.running < queue.settings.concurrency,
            let ticket = queues[name]?.waiting.take(job)
        else { return nil }
        queues[name]?.running += 1
        running += 1
        return ticket
    }

    /// A worker of the queue is free again.
    package mutating func release(queue name: String) {
        queues[name]?.running -= 1
        running -= 1
    }

    /// A running job gives its worker back for as long as it waits for a retry.
    package mutating func pause(queue name: String) {
        release(queue: name)
        queues[name]?.paused += 1
    }

    /// A paused job wants a worker again: before all others of its queue.
    package mutating func resume(_ ticket: Ticket) {
        endPause(queue: ticket.queue)
        queues[ticket.queue]?.waiting.addResumed(ticket)
    }

    /// A paused job has ended without a worker.
    package mutating func endPause(queue name: String) { queues[name]?.paused -= 1 }

    /// Takes a waiting job out; false when it does not wait.
    package mutating func remove(_ job: JobID, queue name: String) -> Bool {
        queues[name]?.waiting.take(job) != nil
    }

    package var waiting: Int { queues.values.reduce(0) { $0 + $1.waiting.count + $1.arriving.count } }
}
