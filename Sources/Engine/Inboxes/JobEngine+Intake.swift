import Documents
import Jobs
import Logging
import OrderedCollections
import Spool
import SystemPackage

/// The engine's state for one inbox.
struct Intake {
    /// The inbox may hold names that no scan has seen.
    var isChanged = true
    /// A scan that is running, or that has drops left.
    var listing: InboxScan?
    /// The number of the latest scan.
    var reading = 0
    var accepting: [[UInt8]: Task<Void, Never>] = [:]
    /// The taking of the latest drops.
    var taking: CompletionSignal?
    /// Names that a scan saw while they were being accepted: the event behind that scan may be about them.
    var seenMeanwhile: Set<[UInt8]> = []
    /// Drops that must stay unchanged for a while before they are taken, with the scan that saw them last.
    var looks: [[UInt8]: (look: FileSnapshot, place: DropOrderKey, reading: Int)] = [:]
    /// Drops that a writer still has open; an event arrives when it closes them.
    var written: Set<[UInt8]> = []
    /// Drops that cannot be moved; they are tried again when the engine scans everything.
    var immovable: Set<[UInt8]> = []
    /// The first few of them, which were logged.
    var loggedImmovable: Set<[UInt8]> = []
    /// When the next look is due.
    var nextLook: Timestamp?
    /// A look is due while a scan has drops left.
    var mustLookAgain = false
    /// Set after a disk failure: no drop is taken until then.
    var pausedUntil: Timestamp?

    /// The most drops that the engine waits for; the next scan finds the others.
    static let pendingMax = 1_024

    /// Ends a scan. A drop that it did not see is gone; one that it only missed starts its waiting time anew.
    mutating func endReading() {
        listing = nil
        looks = looks.filter { $0.value.reading == reading || accepting[$0.key] != nil }
    }

    var isDrained: Bool {
        !isChanged && listing == nil && accepting.isEmpty && looks.isEmpty && written.isEmpty && pausedUntil == nil
    }
}

extension JobEngine {
    /// Watches every inbox; the first scan finds what came before.
    func startIntake() throws {
        for queue in catalog.queues.keys { intakes[queue] = Intake() }
        try watchDirectories()
        for taken in takenBefore { resumeAccept(taken) }
        takenBefore = []
    }

    /// The watch's name for the parents of the watched directories; no queue has this name.
    static let parents = "/"

    /// Watches every directory that it can, then throws the first error.
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
        recovery.watchesAreSet()
        do {
            try watchDirectories()
            _ = loggedErrors.end(.watches)
        } catch {
            recovery.watchMayBeMissing()
            // The scan of an inbox that is gone logs the error.
            let isGone = (error as? SpoolError)?.cause == .noSuchFileOrDirectory
            if !isGone, loggedErrors.isNews(error, about: .watches) { logger.error("\(error); the scans go on") }
        }
    }

    /// Scans and watches everything again after a watched directory was removed or made.
    func noteNewDirectories() {
        requests.directoryChanged()
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
                if RetryBackoff.lasts(until: paused, at: now) { continue }
                intake.pausedUntil = nil
                intake.isChanged = true
            }
            if let due = intake.nextLook, due <= now {
                intake.nextLook = nil
                intake.isChanged = true
                intake.mustLookAgain = intake.listing != nil
            }
            intakes[queue] = intake
            await takeIn(queue)
        }
    }

    private func takeIn(_ queue: String) async {
        while schedule.wantsMore(in: queue), !stopping.isSet, intakes[queue]?.pausedUntil == nil {
            if intakes[queue]?.mustLookAgain == true {
                takeSettled(queue)
                continue
            }
            if intakes[queue]?.listing?.isAtEnd != true {
                guard intakes[queue]?.listing != nil || intakes[queue]?.isChanged == true else { return }
                guard await readInbox(of: queue) else { return }
            }
            guard let listing = intakes[queue]?.listing else { return }
            consider(listing.next(schedule.room(in: queue)), in: queue)
            if listing.isEmpty {
                intakes[queue]?.endReading()
                if listing.isCut { intakes[queue]?.isChanged = true }
                if intakes[queue]?.accepting.isEmpty == true { endTrouble(queue) }
            }
        }
    }

    /// Scans an inbox to its end; false when that failed or is no longer of use.
    private func readInbox(of queue: String) async -> Bool {
        guard let names = catalog.queues[queue]?.names else { return false }
        let listing = InboxScan(queue: queue, names, spool: node.spool) { [watch] in watch.arrivals(in: queue) }
        intakes[queue]?.listing = listing
        intakes[queue]?.isChanged = false
        intakes[queue]?.written = []
        intakes[queue]?.reading += 1
        repeat {
            let carried: [JobName]
            do {
                carried = try await node.run { try listing.read() }
            } catch {
                pause(queue, error)
                return false
            }
            for job in carried { await resolveOrphanClaim(job, in: queue) }
            // A drop that failed meanwhile has paused the queue: names read before that are not tried on the failing
            // disk.
            guard intakes[queue]?.listing === listing, !stopping.isSet else { return false }
        } while !listing.isAtEnd
        return true
    }

    /// Takes the drops that have stayed unchanged for long enough.
    private func takeSettled(_ queue: String) {
        let (now, room) = (wallClock.now, schedule.room(in: queue))
        let looks = intakes[queue]?.looks.values.map { (due: $0.look.due, place: $0.place) } ?? []
        let due = looks.filter { $0.due <= now }.map(\.place).sorted()
        intakes[queue]?.nextLook = looks.map(\.due).filter { $0 > now }.min()
        intakes[queue]?.mustLookAgain = due.count > room
        consider(due.prefix(room), in: queue)
    }

    /// Drops that are due within this time of each other are taken in order, even when an earlier one is due later.
    private static let settlingTolerance: Duration = .milliseconds(500)

    /// Begins to accept the drops that are ready; their jobs start in this order.
    private func consider(_ places: some Sequence<DropOrderKey>, in queue: String) {
        parts += 1
        var candidates: [Candidate] = []
        var settlesAt: Timestamp?
        for place in places {
            guard let intake = intakes[queue] else { return }
            let drop = Drop(queue: queue, name: place.name)
            if intake.accepting[drop.name] != nil {
                intakes[queue]?.seenMeanwhile.insert(drop.name)
                continue
            }
            if intake.immovable.contains(drop.name) { continue }
            let look = intake.looks[drop.name]?.look
            if let look {
                intakes[queue]?.looks[drop.name]?.reading = intake.reading
                let mustWait = mustWait(look, for: drop)
                if mustWait, look.due - wallClock.now <= Self.settlingTolerance { settlesAt = look.due }
                if let due = mustWait ? look.due : settlesAt {
                    intakes[queue]?.nextLook = min(intake.nextLook ?? due, due)
                    continue
                }
            } else if intake.looks.count >= Intake.pendingMax {
                // There is no room to keep another look: its turn comes when some of these are taken.
                continue
            }
            if let candidate = candidate(drop, at: place, look) { candidates.append(candidate) }
        }
        accept(candidates, in: queue)
    }

    /// Whether another look at a drop is useless now: it is not due, and nothing new is known of the writer.
    private func mustWait(_ look: FileSnapshot, for drop: Drop) -> Bool {
        let now = wallClock.now
        // A look made in the future was made before the clock was set back.
        guard look.due > now, look.at <= now else { return false }
        switch look.reason {
        case .writer: return watch.witness(of: drop.name, in: drop.queue) != .finished
        case .unseen: return watch.witness(of: drop.name, in: drop.queue) == .unknown
        // Its bytes may have come since.
        case .empty: return false
        case .settling, .link, .untold: return true
        }
    }

    func wait(for drop: Drop, at place: DropOrderKey, _ look: FileSnapshot?) {
        // A drop of a queue that is no longer configured stays where it is.
        guard catalog.queues[drop.queue] != nil else { return }
        guard let intake = intakes[drop.queue], intake.looks.count + intake.written.count < Intake.pendingMax else {
            return
        }
        if let look {
            intakes[drop.queue]?.looks[drop.name] = (look, place, intake.reading)
            intakes[drop.queue]?.nextLook = min(intake.nextLook ?? look.due, look.due)
        } else {
            intakes[drop.queue]?.written.insert(drop.name)
        }
    }

    /// Settles a drop that a crash left between its claim and its end, in an inbox on another filesystem.
    private func resolveOrphanClaim(_ job: JobName, in queue: String) async {
        do {
            if case .returned = try await node.resolveOrphanClaim(job, in: queue) { intakes[queue]?.isChanged = true }
        } catch {
            recovery.somethingFailed(at: wallClock.now)
            if loggedErrors.isNews(error, about: .job(job.description)) { logger.error("\(error)") }
        }
    }

    func pause(_ queue: String, _ error: any Error) {
        if loggedErrors.isNews(error, about: .queue(queue)) {
            logger.error("\(error); nothing is taken until it works again", metadata: ["queue": "\(queue)"])
        }
        guard catalog.queues[queue] != nil else { return }
        let until = wallClock.now + RetryBackoff.pause
        intakes[queue]?.listing = nil
        intakes[queue]?.pausedUntil = until
        intakes[queue]?.nextLook = until
    }

    func endTrouble(_ queue: String) {
        guard intakes[queue]?.pausedUntil == nil, loggedErrors.end(.queue(queue)) else { return }
        logger.notice("drops are taken again", metadata: ["queue": "\(queue)"])
    }

    /// The most drops of a queue whose failed move is logged one by one.
    private static let loggedImmovableMax = 3

    func noteImmovable(_ drop: Drop, _ error: SpoolError) {
        guard let intake = intakes[drop.queue], intake.immovable.count < Intake.pendingMax else { return }
        intakes[drop.queue]?.immovable.insert(drop.name)
        recovery.somethingFailed(at: wallClock.now)
        guard intake.loggedImmovable.count <= Self.loggedImmovableMax,
            intakes[drop.queue]?.loggedImmovable.insert(drop.name).inserted == true
        else { return }
        let rest =
            intake.loggedImmovable.count == Self.loggedImmovableMax
            ? "; more such drops are not logged" : "; it stays there, and the others go on"
        logger.error("\(error)\(rest)", metadata: ["queue": "\(drop.queue)"])
    }
}
