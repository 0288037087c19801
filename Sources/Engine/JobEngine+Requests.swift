import Jobs
import Logging
import Spool

extension JobEngine {
    /// Carries out what people asked for through `control/`.
    func carryOutRequests() async {
        guard controlMayHaveRequests else { return }
        controlMayHaveRequests = false
        do {
            let names = try await node.run { [node] in
                try DirectoryListing.names(in: SpoolLayout.control, of: node.spool.root)
            }
            for name in names.sorted() where !SpoolLayout.isTemporary(Array(name.utf8)) { try await carryOut(name) }
        } catch {
            if error is SyncFailure { return fail(error) }
            logger.error("\(error)")
        }
    }

    private func carryOut(_ file: String) async throws {
        do {
            guard let (request, uid) = try await node.run({ [node] in try ControlRequest.read(file, in: node.spool) })
            else { return }
            let decision = Decision(uid: uid, user: UserNames.name(of: uid), reason: request.reason)
            for job in request.jobs { try await carryOut(request.action, job, decision) }
        } catch let rejection as Rejection {
            logger.warning("a request was refused: \(rejection.reason)")
        }
        try await node.run { [node] in try ControlRequest.remove(file, in: node.spool) }
    }

    private func carryOut(_ action: ControlRequest.Action, _ id: JobID, _ decision: Decision) async throws {
        if let (name, active) = jobs.first(where: { $0.key.id == id }) {
            guard action == .cancel else { return refuse(action, id, "it is \(active.job.replay.life.state.name)") }
            return try await cancel(name, active, decision)
        }
        let found = try await node.run { [node] in try node.spool.findJobs(limit: 1) { $0.id == id } }
        guard let location = found.first else { return refuse(action, id, "there is no such job") }
        guard let history = try await node.run({ [node] in try node.spool.history(of: location) }) else { return }
        let command = action == .cancel ? JobCommand.cancel(decision) : .retry(decision)
        do {
            // Decided before the directory is touched, so that a refusal moves nothing.
            _ = try JobReplay(name: location.job, records: history.records).life.decide(command, at: wallClock.now)
        } catch {
            return refuse(action, id, "\(error)")
        }
        guard let (job, _) = try await node.adopt(location.job, from: location.directory, named: location.entry) else {
            return
        }
        if case .deferred(let name, let until) = try await runner.commit(command, on: job) {
            deferred.add(name, due: until)
        }
    }

    private func cancel(_ name: JobName, _ active: ActiveJob, _ decision: Decision) async throws {
        if let task = active.task {
            jobs[name]?.cancellation = decision
            task.cancel()
        } else if schedule.remove(name.id, queue: active.queue) {
            jobs[name] = nil
            _ = try await runner.commit(.cancel(decision), on: active.job)
        }
    }

    private func refuse(_ action: ControlRequest.Action, _ id: JobID, _ reason: String) {
        logger.warning("\(action.rawValue) was refused: \(reason)", metadata: ["job": "\(id)"])
    }
}
