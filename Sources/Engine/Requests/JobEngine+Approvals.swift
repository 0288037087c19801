import Documents
import Glibc
import Jobs
import Logging
import Spool

extension JobEngine {
    /// Denies or fails the jobs whose requests for approval have expired. An unreadable job does not stop the others.
    func expireApprovals() async {
        if resting.held.mustScan { await scanHeld() }
        for name in resting.held.takeExpired(at: wallClock.now) where !stopping.isSet {
            let location = JobLocation(job: name, directory: SpoolLayout.held, entry: name.description)
            do {
                // The operator answered meanwhile, or another node was faster.
                guard let (command, delivers) = try await expiryCommand(of: location) else { continue }
                // The next scan finds a job that cannot be claimed now.
                let isDone = try await adopt(location, command, delivers: delivers)
                if !isDone, delivers { resting.held.mustScan = true }
            } catch {
                if error is SyncFailure { return fail(error) }
                logger.error("\(error)", metadata: ["job": "\(name.id)"])
            }
        }
    }

    private func expiryCommand(of location: JobLocation) async throws -> (JobCommand, delivers: Bool)? {
        guard let (hold, delivers) = try await hold(of: location), let request = hold.approval,
            let expires = request.expires,
            expires <= wallClock.now
        else { return nil }
        switch request.onExpiry {
        case .deny:
            let reason = "no answer until \(expires.text)"
            let decision = Decision(uid: Int(geteuid()), user: "agentspool", reason: reason)
            return (.deny(Denial(step: request.step, decision: decision)), delivers)
        case .fail:
            let failure = Failure(
                .permanent,
                "no answer until \(expires.text)",
                hint: "agentspool retry asks again"
            )
            return (.fail(step: request.step, failure), delivers)
        }
    }

    private func scanHeld() async {
        resting.held.mustScan = false
        do {
            let locations = try await node.run { [node] in try node.spool.jobs(in: SpoolLayout.held) }
            resting.held.keep(Set(locations.map(\.job)))
            for location in locations where !resting.held.isKnown(location.job) { await addHeld(location) }
        } catch {
            // The scan timer tries again.
            logger.error("\(error)")
        }
    }

    private func addHeld(_ location: JobLocation) async {
        do {
            resting.held.add(location.job, expires: try await hold(of: location)?.hold.approval?.expires)
        } catch {
            resting.held.add(location.job, expires: nil)
            logger.error(
                "\(error); an approval that it waits for does not expire",
                metadata: ["job": "\(location.job.id)"]
            )
        }
    }

    /// Nil also for a job whose history was changed: it stays where it is.
    private func hold(of location: JobLocation) async throws -> (hold: Hold, delivers: Bool)? {
        guard let (replay, defect) = try await node.run({ [node] in try node.spool.replay(of: location) }) else {
            return nil
        }
        if case .brokenLine = defect { return nil }
        guard case .held(let hold) = replay.life.state else { return nil }
        return (hold, replay.acceptance?.delivery != nil)
    }
}
