import Documents
import JobIndex
import Jobs
package import Spool

/// Finds jobs by what people call them: an id, a unique part of one, or the dropped file's name.
package struct JobFinder: Sendable {
    /// Shorter parts of an id would fit too many.
    private static let partLengthMin = 4

    private let spool: SpoolRoot
    /// Where the index is, which has a job's whole name by its id.
    private let index: String

    private let client: SpoolClient

    package init(_ client: SpoolClient) {
        (spool, index, self.client) = (client.spool, client.indexPath, client)
    }

    /// The one job that `text` means.
    ///
    /// - Throws: ``ClientError``: none (no input), or several (usage), which it names.
    package func find(_ text: String) async throws -> JobLocation {
        if let name = JobName(text), let location = try spool.locate(name) { return location }
        let upper = text.uppercased()
        if let id = JobID(upper), let location = await locate(id) { return location }
        let isPart = text.count >= Self.partLengthMin
        let found = try spool.findJobs { job in
            job.id.text == upper || job.drop == text || job.description == text
                || (isPart && job.id.text.contains(upper))
        }
        if let exact = found.first(where: { $0.job.id.text == upper }) { return exact }
        guard let first = found.first else {
            if let note = try findRejected(text) { throw note.failure(in: spool) }
            throw ClientError("there is no job \"\(text)\" in \(spool.path)", .noInput)
        }
        if found.count > 1 {
            let names = found.prefix(5).map { "  \($0.job)" }.joined(separator: "\n")
            throw ClientError("\"\(text)\" means \(found.count) jobs; say which:\n\(names)", .usage)
        }
        return first
    }

    /// The rejected drop that `text` means, the newest of several; nil when it means none.
    ///
    /// - Throws: `SpoolError`.
    package func findRejected(_ text: String) throws -> RejectionNote? {
        let upper = text.uppercased()
        let isPart = text.count >= Self.partLengthMin
        let notes = try spool.rejectionNotes().filter { note in
            note.job.id.text == upper || note.job.drop == text || note.job.description == text
                || (isPart && note.job.id.text.contains(upper))
        }
        return notes.max { $0.at < $1.at }
    }

    /// Finds a job by its whole id in the index, without reading the names of all jobs.
    private func locate(_ id: JobID) async -> JobLocation? {
        // The index may be missing, damaged or behind: then the caller searches the directories, which are the truth.
        guard let database = try? IndexDatabase.openReadOnly(path: index) else { return nil }
        defer { database.close() }
        guard let name = try? await database.jobs(matching: id.text).first?.name else { return nil }
        return try? spool.locate(JobName(id: id, dropName: Array(name.utf8)))
    }

    /// The job that `text` means, with its history.
    ///
    /// - Throws: ``ClientError``, as ``find(_:)``, or when the job keeps moving (temporary).
    package func read(_ text: String) async throws -> FoundJob {
        if let remote = try client.remote() { return try await remote.read(text) }
        // A job may move after its directory was found and before its history is read.
        for _ in 0..<3 {
            let location = try await find(text)
            if let history = try spool.history(of: location) {
                let replay = JobReplay(name: location.job, records: history.records)
                return FoundJob(location: location, history: history, replay: replay)
            }
        }
        throw ClientError("the job \"\(text)\" keeps moving; try again", .temporary)
    }
}
