package import Documents
package import Jobs
package import Spool

/// What a person asks the daemon to do with a job.
package enum JobAction: Sendable, Equatable {
    case cancel, retry, hold, deny, deliver
    /// With what the person found out about a step in doubt, and with higher limits.
    case release(finding: Release.Finding? = nil, limits: Limits = Limits())
    /// With arguments in the place of those asked for; a hash is that of the arguments which the person has read.
    case approve(arguments: JSON? = nil, hash: String? = nil)

    package var kind: ControlRequest.Action {
        switch self {
        case .cancel: .cancel
        case .retry: .retry
        case .deliver: .deliver
        case .hold: .hold
        case .deny: .deny
        case .release: .release
        case .approve: .approve
        }
    }

    /// The request about one job, bound to what the job waits for now.
    ///
    /// - Throws: ``ClientError`` (data) for an approval of what the job does not ask for.
    func request(about replay: JobReplay, reason: String?) throws(ClientError) -> ControlRequest {
        var request = ControlRequest(kind, jobs: [replay.name.id], reason: reason)
        switch self {
        case .cancel, .retry, .hold: break
        case .deliver:
            if replay.acceptance?.delivery == nil {
                let reason = "its queue had no deliver and no on when it was accepted"
                throw ClientError("the job \(replay.name.id): \(reason)", .data)
            }
        case .deny:
            // Bound to the step that asks now: a later step's question is not denied.
            if case .held(let hold) = replay.life.state { request.deniedStep = hold.step }
        case .release(let finding, let limits): (request.finding, request.limits) = (finding, limits)
        case .approve(let arguments, let hash):
            request.approved = try Self.approvedCall(of: replay, arguments, hash)
        }
        return request
    }

    /// The call in the history now: the daemon refuses the request when the job asks for another call by then.
    private static func approvedCall(
        of replay: JobReplay,
        _ arguments: JSON?,
        _ hash: String?
    ) throws(ClientError) -> ControlRequest.ApprovedCall {
        guard case .held(let hold) = replay.life.state, let asked = hold.approval else {
            throw ClientError("the job \(replay.name.id) does not wait for an approval", .data)
        }
        if let hash, hash != asked.argumentsHash {
            throw ClientError("the job \(replay.name.id) asks for something else by now: see approval.json", .data)
        }
        return ControlRequest.ApprovedCall(step: asked.step, argumentsHash: asked.argumentsHash, arguments: arguments)
    }
}
