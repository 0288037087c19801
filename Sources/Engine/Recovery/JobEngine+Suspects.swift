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
        let count = jobs.suspectCount
        if count == 0 { return gate.open() }
        let quiet = max(settings.quietMin, (lock.former?.rhythm ?? .zero) * 2)
        logger.warning(
            """
            the daemon died again and again while steps of \(count == 1 ? "1 job" : "\(count) jobs") ran: in \
            \(quiet.roundedText) they run one at a time, alone, and then all others
            """,
            metadata: ["message_id": "\(MessageID.stepsSuspected)", "node": "\(node.node)"]
        )
        setTimer(.quiet, after: quiet) {
            $0.gate.open()
            $0.wake()
        }
    }

    /// Limits how long suspected steps keep the others waiting. One that runs for long, or waits for another step, then
    /// continues beside the others, and a death counts against all of them.
    func watchGate() {
        if gate.isWide { return }
        guard gate.isGuarding else {
            timers.cancel(.gateGuard)
            return
        }
        if timers.isSet(.gateGuard) { return }
        startTask(.gateGuard) { [clock, settings] engine in
            guard (try? await clock.sleep(for: settings.guardMax)) != nil else { return }
            await engine.openGateWide()
            guard (try? await clock.sleep(for: settings.guardMax)) != nil else { return }
            engine.gate.open()
            engine.wake()
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
            noteFailure(error)
        }
    }

    /// The next job that gets a worker; while the gate is closed, only one with a suspected step.
    func nextTicket() -> Schedule.Ticket? {
        guard gate.isClosed else { return schedule.takeNext() }
        for active in jobs.waitingSuspects() {
            if let ticket = schedule.take(active.job.name.id, queue: active.queue) { return ticket }
        }
        return nil
    }

    // MARK: Reports

    /// Reports why jobs that have not begun wait.
    func reportGateWaits() {
        guard jobs.gateChanged(isClosed: timers.isSet(.quiet) || gate.isGuarding) else { return }
        for active in jobs.all { reportGateWaits(of: active) }
    }

    func reportGateWaits(of active: ActiveJob) {
        // The steps of a job that has begun report themselves what they wait for.
        if active.task != nil { return }
        let why = jobs.isGateReportedClosed ? active.suspicion?.waits ?? Suspicion.othersWait : JobSummary.awaitsWorker
        observers.jobWaits(active.job.name.id, why: why, seq: active.job.seq)
    }

    /// Notes in the node's file that this run ends on purpose, for the node's next run.
    func noteStop() {
        startTask(.stopNote) { [node, lock, logger] _ in
            do { try await node.run { try lock.noteStop() } } catch {
                logger.warning("\(error); if the daemon is killed before its end, its steps are suspected")
            }
        }
    }
}
