package import JobIndex
import Jobs
package import Spool

/// Makes the index's rows from the job directories, which are the truth.
///
/// Goes beside a daemon that works: a row never replaces a newer one, and one without a directory is removed only after
/// it was looked for by its id.
package struct IndexRebuild: Sendable {
    /// Jobs that are read before they are written together.
    private static let batchSize = 500

    private let spool: SpoolRoot
    private let threads: DiskThreads
    private let writer: IndexWriter

    package init(spool: SpoolRoot, threads: DiskThreads, writer: IndexWriter) {
        self.spool = spool
        self.threads = threads
        self.writer = writer
    }

    /// Reads every job and every rejection.
    ///
    /// - Returns: How many rows there are.
    /// - Throws: `SpoolError`, `IndexError`, `CancellationError`.
    package func run() async throws -> Int {
        var seen: Set<String> = []
        for directory in try await threads.run({ [spool] in try spool.jobDirectories() }) {
            let locations = try await threads.run { [spool] in try spool.jobs(in: directory) }
            for start in stride(from: 0, to: locations.count, by: Self.batchSize) {
                try Task.checkCancellation()
                let batch = Array(locations[start..<min(start + Self.batchSize, locations.count)])
                let updates = try await threads.run { [spool] in
                    try batch.compactMap { location in
                        try spool.history(of: location).flatMap { history in
                            let replay = JobReplay(name: location.job, records: history.records)
                            return IndexUpdate.update(for: replay, records: history.records)
                        }
                    }
                }
                for location in batch { seen.insert(location.job.id.text) }
                try await writer.write(updates)
            }
        }
        let notes = try await threads.run { [spool] in try spool.rejectionNotes() }
        for note in notes { seen.insert(note.job.id.text) }
        try await writer.write(notes.map { .rejected($0.summary) })
        try await removeRowsWithoutFiles(seen)
        return seen.count
    }

    private func removeRowsWithoutFiles(_ seen: Set<String>) async throws {
        guard let database = writer.database else { return }
        for try await batch in database.allJobs {
            for row in batch where !seen.contains(row.job) {
                // A scan may miss a name that is renamed while it reads (spool-rules 21).
                let isThere = try await threads.run { [spool] in
                    try !spool.findJobs(limit: 1) { $0.id.text == row.job }.isEmpty
                }
                if !isThere { try await writer.write([.remove(job: row.job)]) }
            }
        }
    }
}
