import Client
import Daemon
import Documents
import Engine
import HTTPTypes
import Jobs
import OrderedCollections
import Spool

/// The tools of MCP on the daemon's own spool.
struct MCPJobs: MCPToolbox {
    private let api: API
    private let caller: Caller

    init(_ api: API, _ caller: Caller) { (self.api, self.caller) = (api, caller) }

    private var lookup: JobLookup { JobLookup(api, caller) }

    var tools: [OfferedTool] {
        let queues = Submitter(api, caller).queues.filter(takes)
        let answers = caller.operatesAll || queues.contains { $0.ownerMay(.approve) }
        let catalog = api.context.inForce().configuration.catalog
        return WorkflowTools.tools(catalog, queues, taken: JobTools.names) + JobTools.tools(answers: answers)
    }

    /// Whether the queue's own list of submitters, too, lets the caller in.
    private func takes(_ queue: QueueSettings) -> Bool {
        guard let submitters = queue.submitters, let uid = caller.uid else { return true }
        return submitters.users.contains(caller.name) || !submitters.groups.isDisjoint(with: api.groups.of(uid))
    }

    func run(_ workflow: String, in queue: String, input: JSON, key: String?, patience: Duration) async throws -> MCPJob
    {
        let document = JSON(members: [
            ("workflow", .string(workflow)), ("input", input), ("idempotency_key", key.map(JSON.string)),
        ])
        let submission = Submission(queue: queue, name: WorkflowTools.dropName(of: workflow), key: key)
        let outcome = try await Submitter(api, caller).submit(submission, document.bytes)
        do throws(any Error) {
            return try await job(outcome.job.text, patience: patience, isNew: outcome.isNew)
        } catch let problem as Problem where problem.status == .notFound && !outcome.isNew {
            throw Problem(.conflict, "the idempotency key belongs to a job of another owner")
        } catch let problem as Problem where problem.status == .notFound {
            // Between its inbox and its directory.
            var row = JobSummary(job: outcome.job.text, name: submission.name, queue: queue, state: .waiting)
            (row.owner, row.ownerUID, row.why) = (caller.owner.name, caller.owner.uid, "in the inbox")
            return MCPJob(row: row)
        }
    }

    func job(_ id: String, patience: Duration) async throws -> MCPJob {
        try await job(id, patience: patience, isNew: false)
    }

    /// - Parameter isNew: Whether the job is there, even when it is not found for a moment.
    private func job(_ id: String, patience: Duration, isNew: Bool) async throws -> MCPJob {
        let lookup = lookup
        if patience > .zero {
            let name = isNew ? id : try await lookup.summary(id).job
            _ = try await JobWatch(api).first(of: name, within: patience) { () -> Bool? in
                do throws(any Error) {
                    let row = try await lookup.summary(name)
                    return row.hasEnded || row.state == .held ? true : nil
                } catch let problem as Problem where problem.status == .notFound && isNew {
                    return nil
                }
            }
        }
        let job = try read(try await lookup.job(id))
        if patience > .zero, let id = JobID(job.row.job), job.row.seq > 0 {
            // So that list_jobs shows what this answers.
            try await IndexCatchUp(api.client).wait(for: [id: job.row.seq])
        }
        return job
    }

    private func read(_ found: JobLookup.Found) throws -> MCPJob {
        var row = found.summary
        let mayRead = caller.operatesAll || caller.owns(row)
        func seen() -> MCPJob { MCPJob(row: row, end: row.hasEnded ? .withheld : nil) }
        guard let location = found.location, let history = try api.client.spool.history(of: location) else {
            guard mayRead else { return seen() }
            return MCPJob(row: row, end: row.hasEnded ? .failed(row.reason ?? "it became no job") : nil)
        }
        let replay = JobReplay(name: location.job, records: history.records)
        // The index follows a moment later.
        if let now = JobSummary(replay), now.seq > row.seq { row = now }
        guard mayRead else { return seen() }
        var approval: JSON?
        if case .held(let hold) = replay.life.state { approval = hold.approval?.json }
        return MCPJob(row: row, end: Self.end(of: replay), approval: approval)
    }

    private static func end(of replay: JobReplay) -> MCPJob.End? {
        guard let outcome = replay.outcome else { return nil }
        if outcome == .completed { return .completed(replay.output ?? .null) }
        let text = JobResult(replay).errorText ?? "it ended as \(outcome.rawValue)"
        if case .cancelled = replay.lastTurn { return .cancelled(text) }
        return .failed(text)
    }

    func carryOut(_ action: JobAction, on id: String, reason: String?) async throws -> MCPJob {
        let row = try await lookup.summary(id)
        try RequestRoutes(api).checkAccess(caller, to: action.kind, row)
        _ = try await JobRequests(api.client, action, reason: reason, onBehalfOf: caller.owner)
            .carryOut(on: .named([row.job])) { _ in }
        return try read(try await lookup.job(row.job))
    }

    func list(_ query: Query, limit: Int) async throws -> JSON {
        var filter = try JobFilter(query, now: api.context.platform.wallClock.now)
        if !caller.seesAll { filter.owner = .exactly(caller.owner) }
        let listing = try await JobListing(of: api.client, filter, limit: limit)
        if let failure = listing.failure { throw failure }
        return ["jobs": .array(listing.rows.map(\.json)), "next": JSON(listing.next?.description)]
    }
}
