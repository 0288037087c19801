import Jobs
import Logging
import OrderedCollections
import Spool

/// How far the engine is with one inbox.
struct Intake {
    /// The inbox may hold names that were not looked at.
    var isChanged = true
    /// A reading that is under way, a part at a time.
    var listing: DropListing?
    var accepting: Set<[UInt8]> = []
    /// Drops that somebody still writes and the kernel cannot tell when he is done.
    var looks: [[UInt8]: Look] = [:]
    /// Drops that somebody still writes; an event will tell when he is done.
    var written: Set<[UInt8]> = []
    /// When the looks are due.
    var nextLook: Timestamp?
    /// Set after a failure of the disk: nothing is taken until then.
    var pausedUntil: Timestamp?

    /// Names that are waited for; more are found by the next scan.
    static let pendingMax = 1_024

    var isDrained: Bool {
        !isChanged && listing == nil && accepting.isEmpty && looks.isEmpty && written.isEmpty && pausedUntil == nil
    }
}

extension JobEngine {
    /// How long nothing is taken from an inbox after the disk failed.
    private static let pauseAfterFailure: Duration = .seconds(5)

    /// Watches every inbox; whatever came before is found by the first scan.
    func startIntake() throws {
        for queue in catalog.queues.keys { intakes[queue] = Intake() }
        try watchDirectories()
    }

    private func watchDirectories() throws {
        for queue in catalog.queues.keys {
            try watch.watch(queue, at: "\(node.spool.path)/\(SpoolLayout.inbox(of: queue))")
        }
        try watch.watch(SpoolLayout.control, at: "\(node.spool.path)/\(SpoolLayout.control)")
    }

    func watchAgain() {
        do { try watchDirectories() } catch { logger.error("\(error); the scans go on") }
    }

    /// Starts to accept as many drops as the window has room for.
    func takeIn() async {
        let now = wallClock.now
        for queue in catalog.queues.keys {
            guard var intake = intakes[queue] else { continue }
            if let paused = intake.pausedUntil {
                if paused > now { continue }
                intake.pausedUntil = nil
                intake.isChanged = true
            }
            if let due = intake.nextLook, due <= now {
                intake.nextLook = nil
                intake.isChanged = true
            }
            intakes[queue] = intake
            await takeIn(queue)
        }
    }

    private func takeIn(_ queue: String) async {
        while schedule.room(in: queue) > 0, !stopping.isSet, intakes[queue]?.pausedUntil == nil {
            if intakes[queue]?.listing == nil {
                guard intakes[queue]?.isChanged == true else { return }
                intakes[queue]?.isChanged = false
                intakes[queue]?.written = []
                intakes[queue]?.listing = DropListing(queue: queue, spool: node.spool)
            }
            guard let listing = intakes[queue]?.listing else { return }
            let names: [[UInt8]]
            do {
                let room = schedule.room(in: queue)
                names = try await node.run { try listing.next(room) }
            } catch {
                return pause(queue, error)
            }
            if names.isEmpty { intakes[queue]?.listing = nil }
            for name in names where intakes[queue]?.accepting.contains(name) == false {
                accept(Drop(queue: queue, name: name))
            }
        }
    }

    private func accept(_ drop: Drop) {
        guard let settings = catalog.queues[drop.queue] else { return }
        let look = intakes[drop.queue]?.looks[drop.name]
        if let look, look.at + self.settings.settlingTime > wallClock.now { return }
        intakes[drop.queue]?.accepting.insert(drop.name)
        schedule.noteArriving(1, in: drop.queue)
        let rules = DropRules(
            sizeMax: settings.sizeMax,
            settlingTime: self.settings.settlingTime,
            isTaken: isTaken,
            admit: { [catalog, wallClock] contents throws(Rejection) in
                try catalog.admit(contents, at: wallClock.now)
            }
        )
        Task { [node] in
            let result: Result<AcceptOutcome, any Error>
            do { result = .success(try await node.accept(drop, rules, look: look)) } catch { result = .failure(error) }
            await self.accepted(drop, result)
        }
    }

    private func accepted(_ drop: Drop, _ result: Result<AcceptOutcome, any Error>) async {
        defer { wake() }
        intakes[drop.queue]?.accepting.remove(drop.name)
        schedule.noteArriving(-1, in: drop.queue)
        intakes[drop.queue]?.looks[drop.name] = nil
        switch result {
        case .success(.accepted(let job, let record)): await admit(job, record)
        case .success(.rejected(let row)):
            observer.dropRejected(row)
            logger.warning(
                "drop rejected: \(row.reason ?? "")",
                metadata: ["message_id": "\(MessageID.dropRejected)", "job": "\(row.job)", "queue": "\(drop.queue)"]
            )
        case .success(.unfinished(let look)): wait(for: drop, look)
        case .success(.gone): break
        case .failure(let error):
            if error is SyncFailure { return fail(error) }
            pause(drop.queue, error)
        }
    }

    private func wait(for drop: Drop, _ look: Look?) {
        guard let intake = intakes[drop.queue], intake.looks.count + intake.written.count < Intake.pendingMax else {
            return
        }
        if let look {
            intakes[drop.queue]?.looks[drop.name] = look
            let due = look.at + settings.settlingTime
            intakes[drop.queue]?.nextLook = min(intake.nextLook ?? due, due)
        } else {
            intakes[drop.queue]?.written.insert(drop.name)
        }
    }

    private func pause(_ queue: String, _ error: any Error) {
        if intakes[queue]?.pausedUntil == nil {
            logger.error("\(error); nothing is taken for a while", metadata: ["queue": "\(queue)"])
        }
        let until = wallClock.now + Self.pauseAfterFailure
        intakes[queue]?.listing = nil
        intakes[queue]?.pausedUntil = until
        intakes[queue]?.nextLook = until
    }

    /// Takes a job that was just accepted into the schedule, or defers it to its start time.
    private func admit(_ job: OwnedJob, _ record: HistoryRecord) async {
        let replay = job.replay
        observer.jobSeen(replay, [record])
        logger.info(
            "job accepted",
            metadata: ["message_id": "\(MessageID.jobAccepted)", "job": "\(job.name.id)", "queue": "\(job.queue)"]
        )
        guard let start = replay.acceptance?.runAt, start > wallClock.now else { return schedule(job) }
        do {
            let ending = try await runner.commit(.deferUntil(start, reason: "its start time, run_after"), on: job)
            if case .deferred(let name, let until) = ending { deferred.add(name, due: until) }
        } catch {
            strand(job.name, error)
        }
    }

    func schedule(_ job: OwnedJob) {
        jobs[job.name] = ActiveJob(job: job, queue: job.queue)
        schedule.add(Schedule.Ticket(job: job.name, queue: job.queue, priority: job.priority))
    }
}

/// One reading of an inbox, a part at a time.
///
/// A part that ends the directory comes in the order of the names, which is that of the ids; a larger directory comes
/// as the filesystem has it.
final class DropListing: @unchecked Sendable {
    // Safe to send: the engine has one `next` under way at a time, and awaits it before the next or before dropping it.
    private var listing: DirectoryListing?
    private let path: String
    private let spool: SpoolRoot

    init(queue: String, spool: SpoolRoot) {
        path = SpoolLayout.inbox(of: queue)
        self.spool = spool
    }

    /// Up to `count` further names; none at the end.
    func next(_ count: Int) throws -> [[UInt8]] {
        let listing = try listing ?? DirectoryListing(of: path, in: spool.root)
        self.listing = listing
        var names: [[UInt8]] = []
        while names.count < count, let name = try listing.next() {
            if !SpoolLayout.isTemporary(name) { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
