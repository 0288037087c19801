import Documents
import Jobs
import Logging
import OrderedCollections
import Spool

extension JobEngine {
    /// A drop that is about to be accepted.
    struct Candidate: Sendable {
        var drop: Drop
        var place: DropOrderKey
        var look: FileSnapshot?
        var rules: DropRules
        /// The job's place in its queue.
        var turn: JobID
        var part: Int
    }

    /// Takes these drops one after another, after those of earlier parts; accepts them concurrently. Their jobs start in
    /// this order.
    func accept(_ ready: Inboxes.Ready, in queue: String) {
        let candidates = candidates(ready, in: queue)
        guard let last = candidates.indices.last, let (before, taking) = inboxes.beginTaking(queue) else { return }
        for candidate in candidates { schedule.beginArriving(candidate.part, in: queue, at: wallClock.now) }
        let task = Task { @concurrent [node] in
            await before?.whenDone()
            await withDiscardingTaskGroup { group in
                for (index, candidate) in candidates.enumerated() {
                    let taken: Result<SpoolNode.TakenDrop, any Error>
                    do {
                        taken = .success(
                            try await node.take(
                                candidate.drop,
                                candidate.rules,
                                look: candidate.look,
                                turn: candidate.turn
                            )
                        )
                    } catch {
                        taken = .failure(error)
                    }
                    if index < last {
                        group.addTask { await self.accept(candidate, taken) }
                    } else {
                        taking.end()
                        await self.accept(candidate, taken)
                    }
                }
            }
        }
        for candidate in candidates { inboxes.accept(candidate.drop, in: task) }
    }

    /// None when their queue is not configured.
    private func candidates(_ ready: Inboxes.Ready, in queue: String) -> [Candidate] {
        ready.drops.compactMap {
            guard var rules = rules(of: queue) else { return nil }
            let drop = Drop(queue: queue, name: $0.place.name)
            rules.witness = watch.witness(of: drop.name, in: queue)
            let turn = node.nextTurn()
            return Candidate(drop: drop, place: $0.place, look: $0.look, rules: rules, turn: turn, part: ready.part)
        }
    }

    @concurrent
    private nonisolated func accept(_ candidate: Candidate, _ taken: Result<SpoolNode.TakenDrop, any Error>) async {
        let result: Result<AcceptOutcome, any Error>
        do {
            result = .success(try await node.accept(taken.get(), candidate.drop, candidate.rules))
        } catch {
            result = .failure(error)
        }
        await accepted(candidate.drop, at: candidate.place, part: candidate.part, result)
    }

    /// Continues the acceptance of a drop that a previous run took.
    func resumeAccept(_ taken: SpoolNode.InterruptedAccept) {
        guard let rules = rules(of: taken.queue) else { return }
        let task = Task { @concurrent [node] in
            let result: Result<AcceptOutcome, any Error>
            do { result = .success(try await node.resumeAccept(taken, rules)) } catch { result = .failure(error) }
            await self.accepted(taken.drop, at: DropOrderKey(taken.drop.name), part: Inboxes.firstPart, result)
        }
        inboxes.accept(taken.drop, in: task)
    }

    private func rules(of queue: String) -> DropRules? {
        guard let settings = catalog.queues[queue] else { return nil }
        return DropRules(
            sizeMax: settings.sizeMax,
            quiet: settings.quietTimes(untold: self.settings.settlingTime),
            takesRows: settings.takesRows,
            isTaken: isTaken,
            makeAcceptance: { [catalog, wallClock] contents throws(Rejection) in
                try catalog.makeAcceptance(contents, at: wallClock.now)
            }
        )
    }

    private func accepted(
        _ drop: Drop,
        at place: DropOrderKey,
        part: Int,
        _ result: Result<AcceptOutcome, any Error>
    ) async {
        await handleOutcome(of: drop, at: place, part: part, result)
        // Only now: until its job is scheduled or deferred, the drop uses up room in the window.
        inboxes.endAccepting(drop)
        schedule.endArriving(part, in: drop.queue)
        requests.dropArrived()
        startJobs()
        wake()
    }

    private func handleOutcome(
        of drop: Drop,
        at place: DropOrderKey,
        part: Int,
        _ result: Result<AcceptOutcome, any Error>
    ) async {
        if case .success(.unfinished(let look)) = result { return inboxes.mustSettle(drop, at: place, look) }
        inboxes.settle(drop)
        switch result {
        case .success(.accepted(let job, let record)):
            dropsAreTaken(from: drop.queue)
            await recordAccepted(job, record, part: part)
        case .success(.rejected(let row, let isTidy)):
            observers.dropRejected(row)
            if !isTidy {
                recovery.jobWasLeft(at: wallClock.now)
            }
            logger.warning(
                "drop rejected: \(row.reason ?? "")",
                metadata: ["message_id": "\(MessageID.dropRejected)", "job": "\(row.job)", "queue": "\(drop.queue)"]
            )
        case .success(.unfinished): break
        case .success(.gone):
            // A drop that a previous run took is in its inbox again.
            if part == Inboxes.firstPart { inboxes.changed(drop.queue) }
        case .success(.immovable(let error)): noteImmovable(drop, error)
        case .failure(let error as UnreadableJob): noteUnreadable(error.job, "\(error)")
        case .failure(let error):
            if error is SyncFailure { return fail(error) }
            // The drop is back in its inbox, unless the disk failed at that, too.
            recovery.jobWasLeft(at: wallClock.now)
            pause(drop.queue, error)
        }
    }

    private func recordAccepted(_ job: OwnedJob, _ record: HistoryRecord, part: Int) async {
        let replay = job.replay
        observers.jobSeen(replay, [record])
        logger.info(
            "job accepted",
            metadata: ["message_id": "\(MessageID.jobAccepted)", "job": "\(job.name.id)", "queue": "\(job.queue)"]
        )
        await enter(job, part: part)
    }

    /// Schedules a claimed job, or defers it when its start time is in the future.
    func enter(_ job: OwnedJob, part: Int?) async {
        let replay = job.replay
        guard let start = replay.acceptance?.runAt, start > wallClock.now, replay.startedAt == nil else {
            return schedule(job, part: part)
        }
        _ = await commit(.deferUntil(start, reason: "its start time, run_after"), on: job)
    }

    func schedule(_ job: OwnedJob, part: Int? = nil, isDue: Bool = false) {
        var active = ActiveJob(job: job, queue: job.queue)
        active.suspicion = job.suspicion(after: settings.deathsMax)
        jobs.add(active)
        if jobs.isGateReportedClosed { reportGateWaits(of: active) }
        var ticket = job.ticket
        (ticket.part, ticket.isDue) = (part, isDue)
        schedule.add(ticket)
    }
}

extension OwnedJob {
    var ticket: Schedule.Ticket {
        Schedule.Ticket(job: name, queue: queue, priority: priority, turn: turn, since: waitsSince)
    }
}
