import Documents
package import Jobs
import Spool

/// Waits for a job to end, by polling the directories where it can lie.
package struct JobWait: Sendable {
    private let client: SpoolClient
    /// Nil until the job is found, when only its id is known.
    private var job: JobName?
    private var id: JobID
    /// How often the search by id has found nothing.
    private var misses = 0

    package init(_ client: SpoolClient, job: JobName) { (self.client, self.job, id) = (client, job, job.id) }

    package init(_ client: SpoolClient, job: JobID) { (self.client, self.job, id) = (client, nil, job) }

    /// The first pause between two polls: a job that ends at once is seen at once.
    private static let firstLook: Duration = .milliseconds(10)
    /// The longest pause: a job that takes minutes is not polled a hundred times a second.
    private static let lookMax: Duration = .milliseconds(500)

    /// The job when it has ended; for a duplicate, the earlier job.
    ///
    /// - Parameter onDuplicate: Called when the job turns out to ask for what an earlier one does, with that one and
    ///   the reason; the wait goes on for the earlier one.
    /// - Throws: ``ClientError``: it was rejected (data), is held (temporary), is gone (no input), or no daemon runs
    ///   (unavailable).
    package func end(onDuplicate: (JobID, String) -> Void) async throws -> JobReplay {
        if let remote = try client.remote() { return try await remote.end(of: id, onDuplicate: onDuplicate) }
        var wait = self
        var pause = Self.firstLook
        while true {
            if let replay = try await wait.look(onDuplicate) { return replay }
            guard try client.hasDaemon else {
                throw ClientError(
                    "no daemon is running on \(client.spool.path); the job waits in its inbox. Start one with: "
                        + "agentspool run",
                    .unavailable
                )
            }
            try await client.clock.sleep(for: pause)
            pause = min(pause * 3 / 2, Self.lookMax)
        }
    }

    private mutating func look(_ onDuplicate: (JobID, String) -> Void) async throws -> JobReplay? {
        let spool = client.spool
        if job == nil { job = try find() }
        guard let job else { return nil }
        if let location = try spool.locate(job) {
            guard let (replay, _) = try spool.replay(of: location) else { return nil }
            switch replay.life.state {
            case .ended where location.fits(replay.life):
                try await IndexCatchUp(client).wait(for: [replay.name.id: replay.life.seq])
                return replay
            case .held(let hold):
                throw ClientError("the job is held (\(hold.reason.rawValue)): \(hold.message)", .temporary)
            default: return nil
            }
        }
        guard let note = try spool.rejectionNote(of: job) else { return nil }
        guard let first = note.duplicateOf else { throw ClientError("the job was rejected: \(note.reason)", .data) }
        onDuplicate(first, note.reason)
        (self.job, id) = (nil, first)
        return nil
    }

    /// Finds the job by its id; a job may move meanwhile, so that only several misses mean that it was removed.
    private mutating func find() throws -> JobName? {
        let spool = client.spool
        if let found = try spool.findJobs([id])[id]?.job { return found }
        for queue in try spool.inboxes() {
            let drops = try spool.waitingDrops(of: queue, limit: 1_000).drops.map(\.drop.name)
            let names = drops.compactMap { String(validating: $0, as: UTF8.self).flatMap(JobName.init) }
            if let name = names.first(where: { $0.id == id }) { return name }
        }
        misses += 1
        if misses > 3 { throw ClientError("the job \(id) is not in \(spool.path) any more", .noInput) }
        return nil
    }
}
