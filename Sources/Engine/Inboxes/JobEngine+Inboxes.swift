import Documents
import Jobs
import Logging
import OrderedCollections
import Spool
import SystemPackage

extension JobEngine {
    /// Watches every inbox; the first scan finds what came before.
    ///
    /// - Parameter taken: The drops that a previous run took, whose acceptance continues.
    func openInboxes(accepting taken: [SpoolNode.InterruptedAccept]) throws {
        inboxes.open(catalog.queues.keys)
        try watchDirectories()
        for drop in taken { resumeAccept(drop) }
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
        inboxes.directoriesChanged()
        watchAgain()
    }

    /// Starts to accept as many drops as the window has room for.
    func takeIn() async {
        let now = wallClock.now
        for queue in catalog.queues.keys where inboxes.begin(queue, at: now) { await takeIn(queue) }
    }

    private func takeIn(_ queue: String) async {
        while schedule.wantsMore(in: queue), !stopping.isSet, let step = inboxes.nextStep(queue) {
            switch step {
            case .takeSettled:
                let room = schedule.room(in: queue)
                accept(inboxes.takeSettled(queue, room: room, at: wallClock.now, writer(in: queue)), in: queue)
            case .takeListed: takeListed(queue)
            case .scan:
                guard await scan(queue) else { return }
                takeListed(queue)
            }
        }
    }

    private func takeListed(_ queue: String) {
        let room = schedule.room(in: queue)
        accept(inboxes.takeListed(queue, room: room, at: wallClock.now, writer(in: queue)), in: queue)
        if inboxes.endScanIfTaken(queue) { dropsAreTaken(from: queue) }
    }

    private func writer(in queue: String) -> Inboxes.Writer { { [watch] in watch.witness(of: $0, in: queue) } }

    /// Scans an inbox to its end; false when that failed or is no longer of use.
    private func scan(_ queue: String) async -> Bool {
        guard let names = catalog.queues[queue]?.names else { return false }
        let scan = InboxScan(queue: queue, names, spool: node.spool) { [watch] in watch.arrivals(in: queue) }
        inboxes.scanBegins(queue)
        repeat {
            let carried: [JobName]
            do {
                carried = try await node.run { try scan.read() }
            } catch {
                pause(queue, error)
                return false
            }
            for job in carried { await resolveOrphanClaim(job, in: queue) }
            // A drop that failed meanwhile has paused the queue: names read before that are not tried on the failing
            // disk.
            guard inboxes.isScanning(queue), !stopping.isSet else { return false }
        } while !scan.isAtEnd
        inboxes.scanEnds(queue, scan.takeFound())
        return true
    }

    /// Settles a drop that a crash left between its claim and its end, in an inbox on another filesystem.
    private func resolveOrphanClaim(_ job: JobName, in queue: String) async {
        do {
            if case .returned = try await node.resolveOrphanClaim(job, in: queue) { inboxes.changed(queue) }
        } catch {
            recovery.somethingFailed(at: wallClock.now)
            if loggedErrors.isNews(error, about: .job(job.description)) { logger.error("\(error)") }
        }
    }

    func pause(_ queue: String, _ error: any Error) {
        if loggedErrors.isNews(error, about: .queue(queue)) {
            logger.error("\(error); nothing is taken until it works again", metadata: ["queue": "\(queue)"])
        }
        inboxes.pause(queue, until: wallClock.now + RetryBackoff.pause)
    }

    func dropsAreTaken(from queue: String) {
        guard !inboxes.isPaused(queue), loggedErrors.end(.queue(queue)) else { return }
        logger.notice("drops are taken again", metadata: ["queue": "\(queue)"])
    }

    func noteImmovable(_ drop: Drop, _ error: SpoolError) {
        guard let report = inboxes.cannotMove(drop) else { return }
        recovery.somethingFailed(at: wallClock.now)
        let rest: String
        switch report {
        case .silent: return
        case .logged: rest = "; it stays there, and the others go on"
        case .last: rest = "; more such drops are not logged"
        }
        logger.error("\(error)\(rest)", metadata: ["queue": "\(drop.queue)"])
    }
}
