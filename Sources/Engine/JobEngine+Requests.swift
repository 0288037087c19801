import Jobs
import Logging
import Spool

extension JobEngine {
    /// Carries out what people asked for through `control/`. A request that cannot be settled yet stays there: a
    /// restart must not forget it, and who waits for it sees that it is not done.
    func carryOutRequests() async {
        guard controlMayHaveRequests else { return }
        controlMayHaveRequests = false
        requestsWaitForIntake = false
        do {
            let names = try await node.run { [node] in
                try DirectoryListing.names(in: SpoolLayout.control, of: node.spool.root)
            }
            for name in names.sorted() where !SpoolLayout.isTemporary(Array(name.utf8)) && !stopping.isSet {
                await carryOut(name)
            }
        } catch {
            logger.error("\(error)")
        }
    }

    /// One that fails does not keep those after it from being carried out.
    private func carryOut(_ file: String) async {
        do {
            var isSettled = true
            do {
                guard
                    let (request, uid) = try await node.run({ [node] in try ControlRequest.read(file, in: node.spool) })
                else { return }
                isSettled = try await carryOut(request, uid: uid)
            } catch let rejection as Rejection {
                logger.warning("a request was refused: \(rejection.reason)")
            }
            if !isSettled { return }
            if try await node.run({ [node] in try ControlRequest.remove(file, in: node.spool) }) {
                logger.info("request settled", metadata: ["request": "\(file)"])
            }
        } catch {
            if error is SyncFailure { return fail(error) }
            logger.error("\(error)")
        }
    }

    /// - Returns: Whether it is settled for all its jobs.
    private func carryOut(_ request: ControlRequest, uid: Int) async throws -> Bool {
        let decision = Decision(uid: uid, user: UserNames.name(of: uid), reason: request.reason)
        // One reading of the spool for all of them.
        let elsewhere = Set(request.jobs).subtracting(jobs.keys.map(\.id))
        var locations: [JobID: JobLocation] = [:]
        if !elsewhere.isEmpty {
            let found = try await node.run { [node] in
                try node.spool.findJobs(limit: elsewhere.count) { elsewhere.contains($0.id) }
            }
            locations = Dictionary(found.map { ($0.job.id, $0) }, uniquingKeysWith: { first, _ in first })
        }
        var isSettled = true
        for id in request.jobs {
            if jobs.keys.allSatisfy({ $0.id != id }), !elsewhere.contains(id) {
                // It has ended, or moved on, since.
                controlMayHaveRequests = true
                isSettled = false
            } else if try await !carryOut(request.action, id, at: locations[id], decision) {
                isSettled = false
            }
        }
        return isSettled
    }

    private func carryOut(
        _ action: ControlRequest.Action,
        _ id: JobID,
        at location: JobLocation?,
        _ decision: Decision
    ) async throws -> Bool {
        if let (name, active) = jobs.first(where: { $0.key.id == id }) {
            guard action == .cancel else { return refuse(action, id, "it is \(active.job.replay.life.state.name)") }
            return try await cancel(name, active, decision)
        }
        guard let location else { return refuse(action, id, "there is no such job") }
        // It moved on since the spool was read: the next look finds it.
        guard let history = try await node.run({ [node] in try node.spool.history(of: location) }) else { return false }
        // A request moves nothing that cannot be put back.
        if case .brokenLine(let line) = history.defect {
            return refuse(action, id, "line \(line) of its history was changed; agentspool verify \(id) says more")
        }
        let command = action == .cancel ? JobCommand.cancel(decision) : .retry(decision)
        let life = JobReplay(name: location.job, records: history.records).life
        if action == .cancel, case .ended(.cancelled, _) = life.state { return true }
        if location.directory.hasPrefix("\(SpoolLayout.processing)/") {
            return postpone(action, id, until: location)
        }
        do {
            // Decided before the directory is touched, so that a refusal moves nothing.
            _ = try life.decide(command, at: wallClock.now)
        } catch {
            return refuse(action, id, "\(error)")
        }
        return try await adopt(location, command)
    }

    /// A job in some node's hands is that node's alone.
    private func postpone(_ action: ControlRequest.Action, _ id: JobID, until location: JobLocation) -> Bool {
        guard location.directory == SpoolLayout.processing(of: node.node) else { return false }
        if unreadable.contains(location.job) { return refuse(action, id, "its history cannot be read") }
        if isAccepting { requestsWaitForIntake = true } else { mayHaveStranded = true }
        return false
    }

    private func adopt(_ location: JobLocation, _ command: JobCommand) async throws -> Bool {
        do {
            guard let (job, _) = try await node.adopt(location.job, from: location.directory, named: location.entry)
            else { return false }
            if case .deferred(let name, let until) = try await runner.commit(command, on: job) {
                deferred.add(name, due: until)
            }
            return true
        } catch {
            strand(location.job, error)
            return false
        }
    }

    private func cancel(_ name: JobName, _ active: ActiveJob, _ decision: Decision) async throws -> Bool {
        if let task = active.task {
            guard active.cancellation == nil else { return false }
            jobs[name]?.cancellation = decision
            task.cancel()
            releaseWaiting(of: name)
            return false
        }
        _ = schedule.remove(name.id, queue: active.queue)
        jobs[name] = nil
        do {
            _ = try await runner.commit(.cancel(decision), on: active.job)
            return true
        } catch {
            strand(name, error)
            return false
        }
    }

    /// - Returns: True: the request is settled.
    private func refuse(_ action: ControlRequest.Action, _ id: JobID, _ reason: String) -> Bool {
        logger.warning("\(action.rawValue) was refused: \(reason)", metadata: ["job": "\(id)"])
        return true
    }
}
