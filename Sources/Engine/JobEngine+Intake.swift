import Jobs
import Logging
import OrderedCollections
import Spool
import SystemPackage

/// How far the engine is with one inbox.
struct Intake {
    /// The inbox may hold names that were not looked at.
    var isChanged = true
    /// A reading that is under way, a part at a time.
    var listing: DropListing?
    /// Counts the readings.
    var reading = 0
    var accepting: [[UInt8]: Task<Void, Never>] = [:]
    /// Names that a reading came by while they were being accepted: what it was told of them may be new.
    var seenMeanwhile: Set<[UInt8]> = []
    /// Drops that must stay the same for a while before they are taken; with the reading that saw them last.
    var looks: [[UInt8]: (look: Look, reading: Int)] = [:]
    /// Drops that somebody still writes; an event will tell when he is done.
    var written: Set<[UInt8]> = []
    /// Drops that cannot be moved; they are tried again when everything is looked at.
    var immovable: Set<[UInt8]> = []
    /// How many of them were told of.
    var immovableTold: Set<[UInt8]> = []
    /// When the looks are due.
    var nextLook: Timestamp?
    /// Set after a failure of the disk: nothing is taken until then.
    var pausedUntil: Timestamp?

    /// Names that are waited for; more are found by the next scan.
    static let pendingMax = 1_024

    /// A reading is at its end. A drop that it did not come by is gone; one that it only missed begins to settle anew.
    mutating func endReading() {
        listing = nil
        looks = looks.filter { $0.value.reading == reading || accepting[$0.key] != nil }
    }

    var isDrained: Bool {
        !isChanged && listing == nil && accepting.isEmpty && looks.isEmpty && written.isEmpty && pausedUntil == nil
    }
}

extension JobEngine {
    /// Watches every inbox; whatever came before is found by the first scan.
    func startIntake() throws {
        for queue in catalog.queues.keys { intakes[queue] = Intake() }
        try watchDirectories()
    }

    /// Stands for the directories in which those that are watched are made; no queue has such a name.
    static let parents = "/"

    /// Watches all that can be watched, and throws what was wrong with the first that cannot.
    private func watchDirectories() throws {
        var failure: SpoolError?
        func watch(_ name: String, _ path: String, isParent: Bool = false) {
            do throws(SpoolError) {
                try self.watch.watch(name, at: "\(node.spool.path)/\(path)", isParent: isParent)
            } catch {
                failure = failure ?? error
            }
        }
        for queue in catalog.queues.keys { watch(queue, SpoolLayout.inbox(of: queue)) }
        watch(SpoolLayout.control, SpoolLayout.control)
        for path in [".", SpoolLayout.inbox] { watch(Self.parents, path, isParent: true) }
        if let failure { throw failure }
    }

    func watchAgain() {
        mustWatchAgain = false
        do {
            try watchDirectories()
            _ = complaints.end(.watches)
        } catch {
            mustWatchAgain = true
            // Of an inbox that is gone its reading tells.
            let isGone = (error as? SpoolError)?.cause == .noSuchFileOrDirectory
            if !isGone, complaints.isNews(error, about: .watches) { logger.error("\(error); the scans go on") }
        }
    }

    /// A directory that is watched may have been removed, or made again.
    func noteNewDirectories() {
        controlMayHaveRequests = true
        for queue in intakes.keys {
            intakes[queue]?.isChanged = true
            intakes[queue]?.pausedUntil = nil
        }
        watchAgain()
    }

    var isAccepting: Bool { intakes.values.contains { !$0.accepting.isEmpty } }

    /// Starts to accept as many drops as the window has room for.
    func takeIn() async {
        let now = wallClock.now
        for queue in catalog.queues.keys {
            guard var intake = intakes[queue] else { continue }
            if let paused = intake.pausedUntil {
                if Trouble.lasts(until: paused, at: now) { continue }
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
        while schedule.wantsMore(in: queue), !stopping.isSet, intakes[queue]?.pausedUntil == nil {
            if intakes[queue]?.listing == nil {
                guard intakes[queue]?.isChanged == true else { return }
                intakes[queue]?.isChanged = false
                intakes[queue]?.written = []
                intakes[queue]?.reading += 1
                guard let names = catalog.queues[queue]?.names else { return }
                intakes[queue]?.listing = DropListing(queue: queue, names, spool: node.spool)
            }
            guard let listing = intakes[queue]?.listing else { return }
            let room = schedule.room(in: queue)
            let (names, carried): ([[UInt8]], [JobName])
            do {
                (names, carried) = try await node.run { try listing.next(room) }
            } catch {
                return pause(queue, error)
            }
            for job in carried { await endCarried(job, in: queue) }
            // A drop that failed meanwhile has the queue paused: what was read before that is not tried on the same disk.
            guard intakes[queue]?.listing === listing else { return }
            for name in names { consider(Drop(queue: queue, name: name)) }
            if names.count < room {
                intakes[queue]?.endReading()
                if intakes[queue]?.accepting.isEmpty == true { endTrouble(queue) }
            }
        }
    }

    private func consider(_ drop: Drop) {
        guard let intake = intakes[drop.queue] else { return }
        if intake.accepting[drop.name] != nil {
            intakes[drop.queue]?.seenMeanwhile.insert(drop.name)
            return
        }
        if intake.immovable.contains(drop.name) { return }
        let look = intake.looks[drop.name]?.look
        if let look {
            intakes[drop.queue]?.looks[drop.name]?.reading = intake.reading
            if mustWait(look, for: drop) {
                intakes[drop.queue]?.nextLook = min(intake.nextLook ?? look.due, look.due)
                return
            }
        } else if intake.looks.count >= Intake.pendingMax {
            // What it waits for could not be kept: the others' turn comes when these are taken.
            return
        }
        accept(drop, look)
    }

    /// Whether a look at a drop now would bring nothing: the time for it has not come, and no more is known of its writer.
    private func mustWait(_ look: Look, for drop: Drop) -> Bool {
        let now = wallClock.now
        // One further ahead than any wait was set before the clock was set back.
        guard look.due > now, look.at <= now else { return false }
        switch look.reason {
        case .writer: return watch.witness(of: drop.name, in: drop.queue) != .finished
        case .unseen: return watch.witness(of: drop.name, in: drop.queue) == .unknown
        // Its bytes may have come since.
        case .empty: return false
        case .settling, .link, .untold: return true
        }
    }

    private func accept(_ drop: Drop, _ look: Look?) {
        guard let settings = catalog.queues[drop.queue] else { return }
        schedule.noteArriving(1, in: drop.queue)
        var rules = DropRules(
            sizeMax: settings.sizeMax,
            quiet: settings.quietTimes(untold: self.settings.settlingTime),
            takesRows: settings.takesRows,
            isTaken: isTaken,
            admit: { [catalog, wallClock] contents throws(Rejection) in
                try catalog.admit(contents, at: wallClock.now)
            }
        )
        rules.witness = watch.witness(of: drop.name, in: drop.queue)
        intakes[drop.queue]?.accepting[drop.name] = Task { @concurrent [node] in
            let result: Result<AcceptOutcome, any Error>
            do { result = .success(try await node.accept(drop, rules, look: look)) } catch { result = .failure(error) }
            await self.accepted(drop, result)
        }
    }

    private func accepted(_ drop: Drop, _ result: Result<AcceptOutcome, any Error>) async {
        defer {
            // Only now: until it is scheduled or deferred, the drop takes its place in the window.
            intakes[drop.queue]?.accepting[drop.name] = nil
            schedule.noteArriving(-1, in: drop.queue)
            if requestsWaitForIntake { controlMayHaveRequests = true }
            wake()
        }
        let wasSeenMeanwhile = intakes[drop.queue]?.seenMeanwhile.remove(drop.name) != nil
        intakes[drop.queue]?.looks[drop.name] = nil
        switch result {
        case .success(.accepted(let job, let record)):
            endTrouble(drop.queue)
            await admit(job, record)
            startJobs()
        case .success(.rejected(let row, let isTidy)):
            observer.dropRejected(row)
            if !isTidy {
                mayHaveStranded = true
                trouble.note(at: wallClock.now)
            }
            logger.warning(
                "drop rejected: \(row.reason ?? "")",
                metadata: ["message_id": "\(MessageID.dropRejected)", "job": "\(row.job)", "queue": "\(drop.queue)"]
            )
        case .success(.unfinished(let look)):
            wait(for: drop, look)
            // The event that said that the writer is done may have come before he was found writing.
            if wasSeenMeanwhile { intakes[drop.queue]?.isChanged = true }
        case .success(.gone): break
        case .success(.immovable(let error)): noteImmovable(drop, error)
        case .failure(let error):
            if error is SyncFailure { return fail(error) }
            // It is back in its inbox, unless the disk refused that, too.
            mayHaveStranded = true
            trouble.note(at: wallClock.now)
            pause(drop.queue, error)
        }
    }

    private func wait(for drop: Drop, _ look: Look?) {
        // One of a queue that is not configured any more stays where it is.
        guard catalog.queues[drop.queue] != nil else { return }
        guard let intake = intakes[drop.queue], intake.looks.count + intake.written.count < Intake.pendingMax else {
            return
        }
        if let look {
            intakes[drop.queue]?.looks[drop.name] = (look, intake.reading)
            intakes[drop.queue]?.nextLook = min(intake.nextLook ?? look.due, look.due)
        } else {
            intakes[drop.queue]?.written.insert(drop.name)
        }
    }

    /// A drop in an inbox on another filesystem that a crash caught between its claim and its end.
    private func endCarried(_ job: JobName, in queue: String) async {
        do {
            if case .returned = try await node.endCarried(job, in: queue) { intakes[queue]?.isChanged = true }
        } catch {
            trouble.note(at: wallClock.now)
            if complaints.isNews(error, about: .job(job.description)) { logger.error("\(error)") }
        }
    }

    private func pause(_ queue: String, _ error: any Error) {
        if complaints.isNews(error, about: .queue(queue)) {
            logger.error("\(error); nothing is taken until it works again", metadata: ["queue": "\(queue)"])
        }
        guard catalog.queues[queue] != nil else { return }
        let until = wallClock.now + Trouble.pause
        intakes[queue]?.listing = nil
        intakes[queue]?.pausedUntil = until
        intakes[queue]?.nextLook = until
    }

    private func endTrouble(_ queue: String) {
        guard intakes[queue]?.pausedUntil == nil, complaints.end(.queue(queue)) else { return }
        logger.notice("drops are taken again", metadata: ["queue": "\(queue)"])
    }

    /// Drops of a queue that cannot be moved and are told of one by one.
    private static let immovableToldMax = 3

    private func noteImmovable(_ drop: Drop, _ error: SpoolError) {
        guard let intake = intakes[drop.queue], intake.immovable.count < Intake.pendingMax else { return }
        intakes[drop.queue]?.immovable.insert(drop.name)
        trouble.note(at: wallClock.now)
        guard intake.immovableTold.count <= Self.immovableToldMax,
            intakes[drop.queue]?.immovableTold.insert(drop.name).inserted == true
        else { return }
        let rest =
            intake.immovableTold.count == Self.immovableToldMax
            ? "; nor can more, which are not told of" : "; it stays there, and the others go on"
        logger.error("\(error)\(rest)", metadata: ["queue": "\(drop.queue)"])
    }

    private func admit(_ job: OwnedJob, _ record: HistoryRecord) async {
        let replay = job.replay
        observer.jobSeen(replay, [record])
        logger.info(
            "job accepted",
            metadata: ["message_id": "\(MessageID.jobAccepted)", "job": "\(job.name.id)", "queue": "\(job.queue)"]
        )
        await enter(job)
    }

    /// Takes a claimed job into the schedule, or defers it when its start time is still to come.
    func enter(_ job: OwnedJob) async {
        let replay = job.replay
        guard let start = replay.acceptance?.runAt, start > wallClock.now, replay.startedAt == nil else {
            return schedule(job)
        }
        do {
            let ending = try await runner.commit(.deferUntil(start, reason: "its start time, run_after"), on: job)
            if case .deferred(let name, let until) = ending { deferred.add(name, due: until) }
        } catch {
            strand(job.name, error)
        }
    }

    func schedule(_ job: OwnedJob, isDue: Bool = false) {
        jobs[job.name] = ActiveJob(job: job, queue: job.queue)
        schedule.add(Schedule.Ticket(job: job.name, queue: job.queue, priority: job.priority, isDue: isDue))
    }
}
