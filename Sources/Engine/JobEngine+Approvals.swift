import Glibc
import Jobs
import Logging
import Spool

extension JobEngine {
    /// Answers for people who did not answer in time.
    func expireApprovals() async {
        do {
            if held.mustScan { try await scanHeld() }
            for name in held.takeExpired(at: wallClock.now) where !stopping.isSet {
                let location = JobLocation(job: name, directory: SpoolLayout.held, entry: name.description)
                // Somebody answered meanwhile, or another node was faster.
                guard let command = try await expiryCommand(of: location) else { continue }
                if try await adopt(location, command) { continue }
                held.mustScan = true
            }
        } catch {
            if error is SyncFailure { return fail(error) }
            logger.error("\(error)")
        }
    }

    private func expiryCommand(of location: JobLocation) async throws -> JobCommand? {
        guard let hold = try await hold(of: location), let request = hold.approval, let expires = request.expires,
            expires <= wallClock.now
        else { return nil }
        switch request.onExpiry {
        case .deny:
            return .deny(Decision(uid: Int(geteuid()), user: "agentspool", reason: "no answer until \(expires.text)"))
        case .fail:
            let failure = Failure(
                .permanent,
                "nobody answered until \(expires.text)",
                hint: "agentspool retry asks again"
            )
            return .fail(step: request.step, failure)
        }
    }

    private func scanHeld() async throws {
        held.mustScan = false
        do {
            let locations = try await node.run { [node] in try node.spool.jobs(in: SpoolLayout.held) }
            held.keep(Set(locations.map(\.job)))
            for location in locations where !held.isKnown(location.job) {
                held.add(location.job, expires: try await hold(of: location)?.approval?.expires)
            }
        } catch {
            held.mustScan = true
            throw error
        }
    }

    private func hold(of location: JobLocation) async throws -> Hold? {
        guard let history = try await node.run({ [node] in try node.spool.history(of: location) }) else { return nil }
        let life = JobReplay(name: location.job, records: history.records).life
        return if case .held(let hold) = life.state { hold } else { nil }
    }
}
