import Documents
import Glibc
import Jobs
import Logging
import Redaction
import Spool
import Tools

extension JobEngine {
    /// Carries out the requests in `control/`.
    ///
    /// A request that cannot be settled yet stays there: a restart must not forget it, and a waiting caller sees that
    /// it is not done.
    func carryOutRequests() async {
        guard requests.beginLook() else { return }
        do {
            let (names, isNew) = try await node.run { [node] in
                (
                    try DirectoryListing.names(in: SpoolLayout.control, of: node.spool.root),
                    try node.spool.ensureControl()
                )
            }
            if isNew {
                logger.warning("control/ was gone, and is made again; check that its users may write to it")
                watchAgain()
            }
            requests.keep(names)
            loggedErrors.keepRequests(names)
            for name in names.sorted() where !DropName.isTemporary(Array(name.utf8)) && !stopping.isSet {
                await carryOut(name)
            }
            _ = loggedErrors.end(.requests)
        } catch {
            recovery.somethingFailed(at: wallClock.now)
            if loggedErrors.isNews(error, about: .requests) { logger.error("\(error)") }
        }
    }

    /// Carries out one request; its failure does not stop those after it.
    private func carryOut(_ file: String) async {
        do {
            var isSettled = true
            do {
                let now = wallClock.now
                switch try await node.run({ [node] in try ControlRequest.read(file, in: node.spool, now: now) }) {
                case .gone: return
                case .unfinished:
                    // Where no event reports the writer's close, the next scan finds the request.
                    return
                case .reload(let request):
                    // Another node's daemon has its own configuration. The daemon that is asked answers, and removes
                    // the file.
                    if request.node == node.node { onReload(file) }
                    return
                case .request(let request, let uid): isSettled = try await carryOut(request, of: file, uid: uid)
                }
            } catch let rejection as Rejection {
                // A refused file that cannot be removed is logged once.
                guard requests.refuse(file) else { return }
                logger.warning("a request was refused: \(catalog.redactor.redact(rejection.reason))")
            }
            if !isSettled { return }
            requests.settle(file)
            if try await node.run({ [node] in try ControlRequest.remove(file, in: node.spool) }) {
                requests.removed(file)
                logger.info("request settled", metadata: ["request": "\(file)"])
            }
        } catch {
            if error is SyncFailure { return fail(error) }
            recovery.somethingFailed(at: wallClock.now)
            if loggedErrors.isNews(error, about: .request(file)) { logger.error("\(error)") }
        }
    }

    /// - Returns: Whether it is settled for all its jobs.
    private func carryOut(_ request: ControlRequest, of file: String, uid: Int) async throws -> Bool {
        let decision = try request.decision(uid: uid, daemon: Int(geteuid()))
        // One scan of the spool for all its jobs.
        let elsewhere = Set(request.jobs).subtracting(jobs.names.map(\.id))
        let locations = elsewhere.isEmpty ? [:] : try await node.run { [node] in try node.spool.findJobs(elsewhere) }
        var isSettled = true
        // A job that is settled is not handled again while another one is not.
        for id in request.jobs where !requests.isSettled(id, in: file) {
            if jobs.find(id) == nil, !elsewhere.contains(id) {
                // The job has ended, or moved on, since.
                requests.jobMoved()
                isSettled = false
            } else if await attemptRequest(request, id, at: locations[id], decision) {
                requests.settle(id, in: file)
            } else {
                isSettled = false
            }
        }
        return isSettled
    }

    /// Carries out a request for one job, and returns whether it is settled; an unreadable job does not stop the
    /// others.
    private func attemptRequest(
        _ request: ControlRequest,
        _ id: JobID,
        at location: JobLocation?,
        _ decision: Decision
    ) async -> Bool {
        do {
            return try await carryOut(request, id, at: location, decision)
        } catch {
            if error is SyncFailure {
                fail(error)
            } else {
                recovery.somethingFailed(at: wallClock.now)
                logger.error("\(error)", metadata: ["job": "\(id)"])
            }
            return false
        }
    }

    private func carryOut(
        _ request: ControlRequest,
        _ id: JobID,
        at location: JobLocation?,
        _ decision: Decision
    ) async throws -> Bool {
        let command = request.command(decision)
        if let (name, active) = jobs.find(id) {
            switch command {
            case .cancel, .hold: return try await interrupt(name, active, command)
            default: return refuse(request.action, id, "it is \(active.job.replay.life.state.name)")
            }
        }
        guard let location else { return refuse(request.action, id, "there is no such job") }
        // The job moved on since the scan: the next one finds it.
        guard let (replay, defect) = try await node.run({ [node] in try node.spool.replay(of: location) }) else {
            return false
        }
        // A request moves no job whose changed history would keep it from moving on.
        if case .brokenLine(let line) = defect {
            return refuse(
                request.action,
                id,
                "line \(line) of its history was changed; agentspool verify \(id) says more"
            )
        }
        let life = replay.life
        switch (command, life.state) {
        case (.cancel, .ended(.cancelled, _)): return true
        case (.hold, .held): return true
        default: break
        }
        if location.directory.hasPrefix("\(SpoolLayout.processing)/") {
            return postpone(request.action, id, until: location)
        }
        do {
            // Decided before the directory is touched, so that a refusal moves nothing.
            _ = try life.decide(command, at: wallClock.now)
        } catch {
            return refuse(request.action, id, "\(error)")
        }
        let delivers = replay.acceptance?.delivery != nil
        if case .deliver(.asked(let decision)) = command {
            if !delivers {
                return refuse(request.action, id, "its queue had no deliver and no on when it was accepted")
            }
            return try await deliverAgain(location, decision)
        }
        return try await adopt(location, command, delivers: delivers)
    }

    /// Leaves a request for a job in `processing/` unsettled: only the node that runs the job may change it.
    private func postpone(_ action: ControlRequest.Action, _ id: JobID, until location: JobLocation) -> Bool {
        guard location.directory == SpoolLayout.processing(of: node.node) else { return false }
        if recovery.isUnreadable(location.job) { return refuse(action, id, "its history cannot be read") }
        if inboxes.isAccepting { requests.mustWaitForArrivals() } else { recovery.strandedJobSeen() }
        return false
    }

    /// Claims a job that lies elsewhere, and commits a command on it.
    ///
    /// - Parameter delivers: Whether the job's history may be in the hands of a delivery.
    func adopt(_ location: JobLocation, _ command: JobCommand, delivers: Bool) async throws -> Bool {
        do {
            if recovery.isUnreadable(location.job) { return true }
            if delivers, try await !claimHistory(of: location.job) { return false }
            guard let (job, _) = try await node.adopt(location.job, from: location.directory, named: location.entry)
            else { return false }
            note(try await runner.commit(command, on: job))
            // What was left of the delivery of the job's earlier state is given up.
            if delivers { try await node.releaseDelivery(of: location.job, until: nil) }
            return true
        } catch let error as UnreadableJob {
            noteUnreadable(error.job, "\(error)")
            return true
        } catch {
            retryLater(location.job, error)
            return false
        }
    }

    /// Cancels or holds a job that this node runs: a cancel also cancels its running step, a hold lets the step finish.
    private func interrupt(_ name: JobName, _ active: ActiveJob, _ command: JobCommand) async throws -> Bool {
        if let task = active.task {
            let isCancel = if case .cancel = command { true } else { false }
            // A cancellation replaces a hold that has not happened yet.
            if case .cancel = active.request { return false }
            if active.request != nil, !isCancel { return false }
            jobs.requested(command, of: name)
            active.pausing.set()
            if isCancel { task.cancel() }
            releaseWaiting(of: name)
            if !isCancel { logger.info("a hold waits for the job's step", metadata: ["job": "\(name.id)"]) }
            return false
        }
        _ = schedule.remove(name.id, queue: active.queue)
        _ = jobs.remove(name)
        return await commit(command, on: active.job)
    }

    /// Logs the refusal.
    ///
    /// - Returns: True, because the request is settled.
    private func refuse(_ action: ControlRequest.Action, _ id: JobID, _ reason: String) -> Bool {
        logger.warning("\(action.rawValue) was refused: \(reason)", metadata: ["job": "\(id)"])
        return true
    }
}
