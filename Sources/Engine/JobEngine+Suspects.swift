import Jobs
import Logging
import Spool

/// Steps during which the daemon died again and again run alone, one after another, before all others.
extension JobEngine {
    /// Lets steps begin, once all is taken over that the node's former life left.
    ///
    /// What is suspected first waits until the daemon has lived longer than whatever kills it from outside would let it,
    /// and nothing else begins meanwhile: a daemon that dies in this time dies of none of its steps.
    func openGate() {
        if suspects.isEmpty { return gate.open() }
        let quiet = max(settings.quietMin, (lock.former?.rhythm ?? .zero) * 2)
        logger.warning(
            """
            the daemon died again and again while steps of \(suspects.count == 1 ? "1 job" : "\(suspects.count) jobs") ran: in \
            \(quiet.roundedText) they run one at a time, alone, and then all others
            """,
            metadata: ["message_id": "\(MessageID.stepsSuspected)", "node": "\(node.node)"]
        )
        quietTimer = Task { [clock] in
            guard (try? await clock.sleep(for: quiet)) != nil else { return }
            self.endQuiet()
        }
    }

    private func endQuiet() {
        quietTimer = nil
        gate.open()
        wake()
    }

    /// Sees that what is suspected does not keep the others waiting for ever: a step that runs for long, or waits for
    /// what another one does, goes on beside the others, and its death counts as one of many then.
    func watchGate() {
        if gate.isWide { return }
        guard gate.isGuarding else {
            guardTimer?.cancel()
            guardTimer = nil
            return
        }
        if guardTimer != nil { return }
        guardTimer = Task { [clock, settings] in
            guard (try? await clock.sleep(for: settings.guardMax)) != nil else { return }
            await self.openGateWide()
            guard (try? await clock.sleep(for: settings.guardMax)) != nil else { return }
            self.guardAgain()
        }
    }

    private func openGateWide() async {
        do {
            // First: from now on a death is that of many.
            try await node.run { [lock] in try lock.note(.together) }
            // The last of what is suspected may have ended meanwhile, and with it this timer, which would close the gate again.
            guard !Task.isCancelled, gate.isGuarding else { return }
            gate.openWide()
            logger.warning(
                """
                what is suspected has kept all others waiting for \(settings.guardMax.roundedText): they go on for as \
                long, and then it is tried again
                """
            )
        } catch {
            noteTrouble(error)
        }
    }

    private func guardAgain() {
        guardTimer = nil
        gate.open()
        wake()
    }

    /// The next job that gets a worker; while what is suspected is to run alone, none that is not suspected.
    func nextTicket() -> Schedule.Ticket? {
        guard gate.isClosed else { return schedule.takeNext() }
        for name in suspects {
            guard let active = jobs[name] else {
                suspects.remove(name)
                continue
            }
            guard active.task == nil || !active.waitingForWorker.isEmpty else { continue }
            if let ticket = schedule.take(name.id, queue: active.queue) { return ticket }
        }
        return nil
    }

    // MARK: What is told

    /// Says of the jobs that have not begun why they wait.
    func tellGate() {
        let isClosed = quietTimer != nil || gate.isGuarding
        if isClosed == isGateToldClosed { return }
        isGateToldClosed = isClosed
        for active in jobs.values { tellGate(of: active) }
    }

    func tellGate(of active: ActiveJob) {
        // The steps of one that has begun say by themselves what they wait for.
        if active.task != nil { return }
        let why = isGateToldClosed ? active.suspicion?.waits ?? Suspicion.othersWait : JobSummary.awaitsWorker
        observer.jobWaits(active.job.name.id, why: why, seq: active.job.seq)
    }

    /// Says where the node's next life looks that this one ends as it was meant to.
    func noteStop() {
        stopNote = Task { [node, lock, logger] in
            do { try await node.run { try lock.noteStop() } } catch {
                logger.warning("\(error); if this life is killed before its end, its steps are suspected")
            }
        }
    }
}
