package import Jobs

/// Which job runs next: queues with their own limits, one limit for all, and a bounded window of claimed jobs.
///
/// A pure value: it knows names and numbers, starts nothing and waits for nothing.
package struct Schedule: Sendable {
    /// A claimed job that waits for a worker.
    package struct Ticket: Sendable, Equatable {
        package var job: JobName
        package var queue: String
        /// 0 to 9, 9 first.
        package var priority: Int
        /// Whether it ran already and only waited for a retry: such jobs go first.
        package fileprivate(set) var isResumed = false
        /// Whether it came from `deferred/`, for which there is a window of its own.
        package var isDue: Bool

        package init(job: JobName, queue: String, priority: Int, isDue: Bool = false) {
            (self.job, self.queue, self.priority, self.isDue) = (job, queue, priority, isDue)
        }
    }

    private struct Queue {
        var settings: QueueSettings
        /// False for one that the configuration does not have, or has no more.
        var isConfigured = true
        var waiting: [Ticket] = []
        var running = 0
        /// Drops that are being accepted and will wait here.
        var arriving = 0
        /// Jobs that gave their worker back while they wait for a retry in memory.
        var paused = 0

        mutating func add(_ ticket: Ticket) {
            // Most come in their order.
            var index = waiting.endIndex
            while index > waiting.startIndex, Self.goesBefore(ticket, waiting[index - 1]) { index -= 1 }
            waiting.insert(ticket, at: index)
        }

        private static func goesBefore(_ left: Ticket, _ right: Ticket) -> Bool {
            if left.isResumed != right.isResumed { return left.isResumed }
            if left.priority != right.priority { return left.priority > right.priority }
            return left.job.id < right.job.id
        }
    }

    private var queues: [String: Queue] = [:]
    private var concurrency: Int
    private(set) var running = 0

    /// Jobs that a queue may have claimed and not started, for each that it may run: enough that workers never
    /// starve, few enough that a million drops cost no memory.
    private static let windowFactor = 2
    private static let windowMin = 32
    /// Of due jobs, which are claimed before anybody knows their queue.
    private static let claimWindowMin = 64

    package init(queues: some Sequence<QueueSettings>, concurrency: Int) {
        self.concurrency = concurrency
        for settings in queues { self.queues[settings.name] = Queue(settings: settings) }
    }

    /// Takes other settings for all that is to come: what runs goes on, also where it is more than they allow.
    ///
    /// A queue that is not among `queues` has no room for drops any more; the jobs of it that are left run with the
    /// settings that it had.
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
        return max(0, window(of: queue) - queue.waiting.count - queue.arriving - queue.paused)
    }

    /// Whether it is worth while to look for more drops: there is room for some, or for one and few wait. A look costs
    /// the same for one as for many.
    package func wantsMore(in name: String) -> Bool {
        guard let queue = queues[name] else { return false }
        let room = room(in: name)
        let enough = window(of: queue) / 4
        return room >= enough || (room > 0 && queue.waiting.count + queue.arriving < enough)
    }

    private func window(of queue: Queue) -> Int {
        max(Self.windowMin, Self.windowFactor * min(queue.settings.concurrency, concurrency))
    }

    /// How many more jobs that are due may be claimed now, all queues together.
    package var claimRoom: Int {
        let window = max(Self.claimWindowMin, Self.windowFactor * concurrency)
        let waiting = queues.values.reduce(0) { count, queue in count + queue.waiting.count { $0.isDue } }
        return max(0, window - waiting)
    }

    package mutating func noteArriving(_ count: Int, in name: String) { queues[name]?.arriving += count }

    /// Adds a job; a queue that the configuration does not have any more runs with the defaults.
    package mutating func add(_ ticket: Ticket) {
        let unknown = Queue(settings: QueueSettings(name: ticket.queue, workflow: ""), isConfigured: false)
        // In place: a copy of the queue would copy all that wait.
        queues[ticket.queue, default: unknown].add(ticket)
    }

    /// Takes the next job that may run, and counts it as running; nil when none may.
    package mutating func takeNext() -> Ticket? {
        guard running < concurrency else { return nil }
        var best: (name: String, ticket: Ticket, priority: Int)?
        for (name, queue) in queues where queue.running < queue.settings.concurrency {
            guard let ticket = queue.waiting.first else { continue }
            let isBetter =
                best.map { best in
                    queue.settings.priority != best.priority
                        ? queue.settings.priority > best.priority : ticket.job.id < best.ticket.job.id
                } ?? true
            if isBetter { best = (name, ticket, queue.settings.priority) }
        }
        guard let best else { return nil }
        queues[best.name]?.waiting.removeFirst()
        queues[best.name]?.running += 1
        running += 1
        return best.ticket
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

    /// A paused job wants a worker again.
    package mutating func resume(_ ticket: Ticket) {
        var ticket = ticket
        ticket.isResumed = true
        endPause(queue: ticket.queue)
        add(ticket)
    }

    /// A paused job has ended without a worker.
    package mutating func endPause(queue name: String) { queues[name]?.paused -= 1 }

    /// Takes a waiting job out; false when it does not wait.
    package mutating func remove(_ job: JobID, queue name: String) -> Bool {
        guard let index = queues[name]?.waiting.firstIndex(where: { $0.job.id == job }) else { return false }
        queues[name]?.waiting.remove(at: index)
        return true
    }

    package var waiting: Int { queues.values.reduce(0) { $0 + $1.waiting.count + $1.arriving } }
}
