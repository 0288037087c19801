import Documents
import Jobs
import Logging
import Spool

/// Runs steps during which the daemon died again and again alone, one after another, before all others.
extension JobEngine {
    /// Lets steps begin, once the jobs of the node's previous run are taken over.
    ///
    /// Suspected steps wait first, until the daemon has lived longer than a cause outside of it that kills it regularly
    /// would let it. No other step begins meanwhile: if the daemon dies in this time, none of its steps is the cause.
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

    /// Limits how long suspected steps keep the others waiting. One that runs for long, or waits for another step, then
    /// continues beside the others, and a death counts against all of them.
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
            // First, because from now on a death counts against all running steps.
            try await node.run { [lock] in try lock.note(.together) }
            // The last suspected step may have ended meanwhile and cancelled this timer: then the gate would stay wide.
            guard !Task.isCancelled, gate.isGuarding else { return }
            gate.openWide()
            logger.warning(
                """
                suspected steps have kept all others waiting for \(settings.guardMax.roundedText): these go on for as \
                long, and then the suspected ones run alone again
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

    /// The next job that gets a worker; while the gate is closed, only one with a suspected step.
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

    // MARK: Reports

    /// Reports why jobs that have not begun wait.
    func reportGateWaits() {
        let isClosed = quietTimer != nil || gate.isGuarding
        if isClosed == isGateReportedClosed { return }
        isGateReportedClosed = isClosed
        for active in jobs.values { reportGateWaits(of: active) }
    }

    func reportGateWaits(of active: ActiveJob) {
        // The steps of a job that has begun report themselves what they wait for.
        if active.task != nil { return }
        let why = isGateReportedClosed ? active.suspicion?.waits ?? Suspicion.othersWait : JobSummary.awaitsWorker
        observers.jobWaits(active.job.name.id, why: why, seq: active.job.seq)
    }

    /// Notes in the node's file that this run ends on purpose, for the node's next run.
    func noteStop() {
        stopNote = Task { [node, lock, logger] in
            do { try await node.run { try lock.noteStop() } } catch {
                logger.warning("\(error); if the daemon is killed before its end, its steps are suspected")
            }
        }
    }
}
