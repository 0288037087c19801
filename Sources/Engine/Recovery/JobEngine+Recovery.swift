import Documents
import Jobs
import Logging
import OrderedCollections
import Spool
import Tools

extension JobEngine {
    /// Jobs that are taken over concurrently, so that they share fsyncs.
    private static let takeOverConcurrency = 64
    /// Jobs that are all read before one of them starts, so that they start in the order of their turns. That is more
    /// than the engine claims at a time, unless thousands run.
    private static let takeOverPart = 512

    /// Takes over the jobs of this node's previous run, then those of dead nodes, before the engine claims new ones.
    ///
    /// - Returns: The drops that the previous run took and did not accept.
    func recover() async throws -> [SpoolNode.InterruptedAccept] {
        try await returnDeliveries(of: node.node)
        let taken = try await findTakenBefore()
        try await takeOver(from: node.node, after: lock.former?.end, except: Set(taken.map(\.job.description)))
        openGate()
        if runner.budgets.isEmpty { startJobs() }
        await takeOverDeadNodes()
        // Before any job continues, and after this node's jobs have their last records.
        guard !runner.budgets.isEmpty else { return taken }
        for error in try await node.run({ [node, runner] in try runner.budgets.readHistories(of: node.spool) }) {
            logger.error("\(error); what this job used today does not count in its queue's daily limits")
        }
        return taken
    }

    /// Finds the drops that a previous run took and did not accept; the jobs of later drops start after theirs.
    private func findTakenBefore() async throws -> [SpoolNode.InterruptedAccept] {
        let taken = try await node.unaccepted().filter { catalog.queues[$0.queue] != nil }
        for drop in taken {
            node.pass(drop.turn)
            schedule.beginArriving(Inboxes.firstPart, in: drop.queue, at: wallClock.now)
        }
        return taken
    }

    /// Takes over a node's jobs: each continues as soon as it is taken over, and a failure does not stop the others.
    ///
    /// - Parameter taken: The names in `processing/` of drops that were not accepted.
    /// - Throws: `SyncFailure`; `SpoolError` when the node's directory cannot be read.
    private func takeOver(
        from dead: String,
        after end: PreviousRunEnd?,
        except taken: Set<String> = []
    ) async throws {
        let names = try await node.jobs(of: dead).filter { !taken.contains($0) }
        if names.isEmpty { return }
        let orphaned = try await node.run { StaleCommands.jobs() }
        // The last part is the one of the drops that were not accepted. No job waits for another node's jobs.
        let lastPart = (names.count - 1) / Self.takeOverPart
        let parts = names.indices.map {
            dead == node.node ? Inboxes.firstPart + $0 / Self.takeOverPart - lastPart : nil
        }
        for part in parts.compactMap(\.self) { schedule.beginRecovering(part, at: wallClock.now) }
        let count = await withTaskGroup(of: Bool.self) { group in
            var count = 0
            for (index, name) in names.enumerated() {
                if index >= Self.takeOverConcurrency, await group.next() == true { count += 1 }
                group.addTask {
                    await self.takeOver(
                        name,
                        of: dead,
                        part: parts[index],
                        after: end,
                        isOrphaned: orphaned.contains(String(name.prefix(JobID.length)))
                    )
                }
            }
            for await isToRun in group where isToRun { count += 1 }
            return count
        }
        if let failure { throw failure }
        if count == 0 { return }
        logger.notice(
            "took over \(count) unfinished jobs of \(dead == node.node ? "this node's previous run" : dead)",
            metadata: ["message_id": "\(MessageID.jobTakenOver)", "node": "\(dead)"]
        )
    }

    /// - Returns: Whether there is a job to run.
    private func takeOver(
        _ name: String,
        of dead: String,
        part: Int?,
        after end: PreviousRunEnd?,
        isOrphaned: Bool
    ) async -> Bool {
        defer {
            if let part { schedule.endRecovering(part) }
            // Where usage is limited, today's must be known before a job starts.
            if runner.budgets.isEmpty { startJobs() }
        }
        do {
            // The index has this node's own jobs, or is compared with the files since the unclean end.
            let claim = try await node.takeOver(name, of: dead, after: end, show: dead == node.node ? nil : show)
            if isOrphaned, case .owned(let job, _) = claim { await endOrphans(of: job) }
            return await note(claim, part: part)
        } catch {
            if let job = JobName(name) { retryLater(job, error) }
            return false
        }
    }

    /// Ends commands that outlived their daemon, of steps without an outcome: their effects would add to those of what
    /// is done about the step now.
    private func endOrphans(of job: OwnedJob) async {
        let steps = job.replay.steps.entries.filter { $0.value.pending != nil && $0.value.kind == .tool }
        let keys = Set(steps.keys.map { "\(job.name.id)/\($0)" })
        if keys.isEmpty { return }
        guard let (count, areGone) = try? await node.run({ StaleCommands.end(workingFor: keys) }) else { return }
        if count > 0 {
            logger.notice(
                "ended \(count) processes of a command that had outlived its daemon",
                metadata: ["job": "\(job.name.id)"]
            )
        }
        if !areGone {
            logger.error(
                "a command that outlived its daemon cannot be ended; it may still do its work",
                metadata: ["job": "\(job.name.id)"]
            )
        }
    }

    /// Passes the parts of long histories to the observers while they are read.
    private var show: StreamingReplay.Show { { [observers] replay, part in observers.jobSeen(replay, part) } }

    /// - Returns: Whether there is a job to run.
    @discardableResult
    private func note(_ claim: SpoolNode.Claim, part: Int? = nil, isDue: Bool = false) async -> Bool {
        switch claim {
        case .owned(let job, let records):
            observers.jobSeen(job.replay, records)
            node.pass(job.turn)
            if isDue { schedule(job, isDue: true) } else { await enter(job, part: part) }
            return true
        case .settled(let replay, let records):
            observers.jobSeen(replay, records)
            note(JobRunner.RunResult(of: replay))
        case .returned(let queue): inboxes.changed(queue)
        case .gone: break
        case .unreadable(let job, let reason): noteUnreadable(job, reason)
        }
        return false
    }

    func noteUnreadable(_ job: JobName, _ reason: String) {
        guard recovery.unreadableJobSeen(job) else { return }
        logger.error("\(reason); it is left where it is", metadata: ["job": "\(job.id)"])
    }

    /// Takes over the jobs of every node whose lock is free. Only on a local filesystem does a free lock prove that
    /// the node is dead.
    func takeOverDeadNodes() async {
        guard !stopping.isSet, node.isLocal else { return }
        do {
            let nodes = try await node.run { [node] in try NodeLock.nodes(of: node.spool) }
            let dead = nodes.filter { !$0.isAlive }.map(\.node) + (try await nodesLongWithoutLock())
            // A failure with one node does not stop the others.
            for name in dead where name != node.node && !stopping.isSet {
                do { try await takeOverDead(name) } catch { noteFailure(error) }
            }
        } catch {
            noteFailure(error)
        }
    }

    func noteFailure(_ error: any Error) {
        if error is SyncFailure { return fail(error) }
        recovery.somethingFailed(at: wallClock.now)
        logger.error("\(error)")
    }

    /// The nodes whose lock file has been missing for some heartbeats, and so are dead: a live node notices that at its
    /// next heartbeat, and stops.
    private func nodesLongWithoutLock() async throws -> [String] {
        let names = try await node.run { [node] in try NodeLock.nodesWithoutLock(in: node.spool) }
        return heartbeats.locksAreMissing(of: names)
    }

    private func takeOverDead(_ name: String) async throws {
        if try await node.jobs(of: name).isEmpty, try await !node.hasDeliveries(of: name) { return }
        let now = wallClock.now
        do {
            let dead = try await node.run { [node] in try NodeLock(of: name, in: node.spool, now: now) }
            try await returnDeliveries(of: name)
            try await takeOver(from: name, after: dead.former?.end)
            withExtendedLifetime(dead) {}
        } catch is NodeLock.Held {
            // The node started again between the check and the lock.
        }
    }

    /// Resumes the jobs in this node's directory that the engine does not run. No drop may be arriving meanwhile.
    func takeUpStranded() async {
        // Those from before the read count, too: a job may end and leave while the directory is read.
        let active = Set(jobs.names.map(\.description))
        do {
            for name in try await node.jobs(of: node.node) where !active.contains(name) && !stopping.isSet {
                guard let job = JobName(name), !jobs.contains(job), !recovery.isUnreadable(job) else { continue }
                do { await note(try await node.takeOver(name, of: node.node)) } catch { retryLater(job, error) }
            }
        } catch {
            recovery.jobWasLeft(at: wallClock.now)
            logger.error("\(error)")
        }
    }

    // MARK: Due jobs

    /// Claims due jobs while the window has room.
    func claimDue() async {
        if resting.deferred.isPaused(at: wallClock.now) { return }
        do {
            while schedule.claimRoom > 0, !stopping.isSet {
                if resting.deferred.mustScan { try await scanDeferred() }
                if let entry = resting.deferred.takeDue(at: wallClock.now) {
                    try await claim(entry)
                    if loggedErrors.end(.deferredJobs) { logger.notice("what is deferred is claimed again") }
                } else if !resting.deferred.mustScan {
                    return
                }
            }
        } catch {
            if error is SyncFailure { return fail(error) }
            if loggedErrors.isNews(error, about: .deferredJobs) {
                logger.error("\(error); nothing deferred is claimed for a while")
            }
            resting.deferred.pause(until: wallClock.now + RetryBackoff.pause)
        }
    }

    private func claim(_ entry: DeferredJobs.Entry) async throws {
        guard !jobs.contains(entry.job) else { return }
        do {
            await note(try await node.claimDeferred(entry.job, due: entry.due, show: show), isDue: true)
        } catch {
            // The job lies in `deferred/`, or in this node's directory already; both are scanned again.
            recovery.jobWasLeft(at: wallClock.now)
            throw error
        }
    }

    private func scanDeferred() async throws {
        resting.deferred.beginScan()
        do {
            let entries = try await node.run { [node] in
                try node.spool.jobs(in: SpoolLayout.deferred).compactMap { location in
                    SpoolLayout.deferredName(location.entry).map { DeferredJobs.Entry(due: $0.due, job: $0.job) }
                }
            }
            resting.deferred.endScan(entries)
        } catch {
            resting.deferred.endScan(nil)
            throw error
        }
    }
}
