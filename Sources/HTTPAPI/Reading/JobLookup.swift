import Client
import Daemon
import Documents
import HTTPTypes
import JobIndex
import Jobs
import Spool

/// Finds the job that a caller means among those that it may see.
struct JobLookup: Sendable {
    /// What was found.
    struct Found: Sendable {
        var summary: JobSummary
        /// Where its directory is; nil for a drop that no daemon has taken, or that became no job.
        var location: JobLocation?
    }

    /// An id of this age or older is in the index, unless its drop still waits in an inbox.
    private static let indexLag: Int64 = 600_000

    private let api: API
    private let caller: Caller

    init(_ api: API, _ caller: Caller) { (self.api, self.caller) = (api, caller) }

    private var spool: SpoolRoot { api.client.spool }

    /// The row of the one job that `text` means: an id, a part of one, or the dropped file's name.
    ///
    /// - Throws: ``Problem``: 404 when there is none that the caller may see; 400 when there are several.
    func summary(_ text: String) async throws -> JobSummary {
        if let row = try await indexed(text) { return row }
        return try await unindexed(text).summary
    }

    /// The same, with where its directory is.
    func job(_ text: String) async throws -> Found {
        if let row = try await indexed(text) { return Found(summary: row, location: try locate(row)) }
        return try await unindexed(text)
    }

    private func indexed(_ text: String) async throws -> JobSummary? {
        guard let index = api.context.index() else { return nil }
        let rows = try await index.jobs(matching: text).filter(caller.maySee)
        if rows.count > 1 {
            let names = rows.prefix(5).map { "\($0.job) (\($0.name))" }.joined(separator: ", ")
            throw Problem(.badRequest, "\"\(text)\" means \(rows.count) jobs: \(names)")
        }
        return rows.first
    }

    private func locate(_ row: JobSummary) throws -> JobLocation? {
        guard let id = JobID(row.job) else { return nil }
        return try spool.locate(JobName(id: id, dropName: Array(row.name.utf8)))
    }

    /// A job that the index does not have yet: it was accepted a moment ago, or waits in its inbox.
    private func unindexed(_ text: String) async throws -> Found {
        guard let id = JobID(text.uppercased()) else { throw Self.notFound(text) }
        if let row = try JobListing.waitingRow(of: api.client, id: id)?.summary, caller.maySee(row) {
            return Found(summary: row)
        }
        let age = api.context.platform.wallClock.now.milliseconds - id.time.milliseconds
        guard age < Self.indexLag || api.context.index() == nil else { throw Self.notFound(text) }
        guard let location = try spool.findJobs([id])[id], let history = try spool.history(of: location),
            let summary = JobSummary(JobReplay(name: location.job, records: history.records)), caller.maySee(summary)
        else { throw Self.notFound(text) }
        return Found(summary: summary, location: location)
    }

    static func notFound(_ text: String) -> Problem { .notFound("job \(text)") }
}

extension Caller {
    /// Whether it may see the row: its own, or every one.
    func maySee(_ row: JobSummary) -> Bool { seesAll || owns(row) }

    /// Whether the job is its own.
    func owns(_ row: JobSummary) -> Bool {
        guard let uid = row.ownerUID, let name = row.owner else { return false }
        return owner.isSame(as: Owner(uid: uid, name: name))
    }
}
