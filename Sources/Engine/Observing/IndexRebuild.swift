package import Documents
package import JobIndex
import Jobs
package import Spool
import Synchronization
package import Threads

/// Rebuilds the index's rows from the job directories, which are the source of truth.
///
/// It may run beside a working daemon: a row never replaces a newer one, and a row without a directory is removed only
/// after a search for its job by id.
package struct IndexRebuild: Sendable {
    /// The most jobs that are read and written together.
    private static let batchSize = 500

    private let spool: SpoolRoot
    private let threads: WorkerThreads
    private let writer: IndexWriter
    private let onUnreadable: @Sendable (SpoolError) -> Void

    /// - Parameter onUnreadable: Called for each job that cannot be read, and so has no row or an old one.
    package init(
        spool: SpoolRoot,
        threads: WorkerThreads,
        writer: IndexWriter,
        onUnreadable: @escaping @Sendable (SpoolError) -> Void
    ) {
        self.spool = spool
        self.threads = threads
        self.writer = writer
        self.onUnreadable = onUnreadable
    }

    /// Reads every job and every rejection, or only those that may have changed since a time.
    ///
    /// - Parameter since: A time at which the index was complete; days earlier than the day before it are not read. Nil
    ///   for all.
    /// - Returns: How many jobs and rejections were read.
    /// - Throws: `SpoolError`, `IndexError`, `CancellationError`.
    package func run(since: Timestamp? = nil) async throws -> Int {
        // A day earlier, because a job may be moved into the day of a record that was written before midnight.
        let firstDay = since.map { Timestamp(milliseconds: $0.milliseconds - 86_400_000).day } ?? ""
        var seen: Set<String> = []
        var moved: [JobLocation] = []
        for directory in try await threads.run({ [spool] in try spool.jobDirectories() }) {
            if let day = Self.day(of: directory), day < firstDay { continue }
            // Sorted by key, so that the rows are appended to their tables.
            let locations = try await threads.run { [spool] in
                try spool.jobs(in: directory).sorted { $0.job < $1.job }
            }
            moved += try await write(all: locations)
            for location in locations { seen.insert(location.job.id.text) }
        }
        // A job that moved after it was listed may lie in a directory that was read before.
        _ = try await write(all: find(Set(moved.map(\.job.id.text))))
        let notes = try await threads.run { [spool] in try spool.rejectionNotes() }.filter { $0.at.day >= firstDay }
        for note in notes { seen.insert(note.job.id.text) }
        try await writer.write(notes.map { .rejected($0.summary) })
        try await settleRows(notIn: seen, onlyOpen: since != nil)
        return seen.count
    }

    private static func day(of directory: String) -> String? {
        let isDated = directory.hasPrefix("\(SpoolLayout.done)/") || directory.hasPrefix("\(SpoolLayout.failed)/")
        return isDated ? directory.split(separator: "/").last.map(String.init) : nil
    }

    /// Writes the rows of these jobs in batches, and reads the next batch meanwhile.
    ///
    /// - Returns: The jobs that were no longer there.
    private func write(all locations: [JobLocation]) async throws -> [JobLocation] {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var moved: [JobLocation] = []
            for start in stride(from: 0, to: locations.count, by: Self.batchSize) {
                try Task.checkCancellation()
                let batch = Array(locations[start..<min(start + Self.batchSize, locations.count)])
                let (updates, gone) = try await read(batch)
                moved += gone
                // One write at a time, so that reading does not run ahead.
                try await group.next()
                group.addTask { try await writer.write(updates) }
            }
            try await group.waitForAll()
            return moved
        }
    }

    private func read(_ locations: [JobLocation]) async throws -> (updates: [IndexUpdate], gone: [JobLocation]) {
        try await threads.run { [spool, onUnreadable] in
            let updates = Mutex<[IndexUpdate]>([])
            let gone = try locations.filter { location in
                do throws(SpoolError) {
                    return try spool.replay(of: location) { replay, part in
                        guard let update = IndexUpdate.update(for: replay, records: part) else { return }
                        updates.withLock { $0.append(update) }
                    } == nil
                } catch  where !error.isTransient {
                    // An unreadable job does not keep the others from having rows.
                    onUnreadable(error)
                    return false
                }
            }
            return (updates.withLock { $0 }, gone)
        }
    }

    /// Searches all directories once, for any number of jobs: a working daemon may add thousands of rows meanwhile.
    private func find(_ jobs: Set<String>) async throws -> [JobLocation] {
        if jobs.isEmpty { return [] }
        return try await threads.run { [spool] in
            try spool.findJobs { jobs.contains($0.id.text) }
        }
    }

    /// Searches by id for the jobs of rows that the scan did not see, and removes the rows of those that are gone.
    private func settleRows(notIn seen: Set<String>, onlyOpen: Bool) async throws {
        guard let database = writer.database else { return }
        let open: Set<JobSummary.State> = [.waiting, .running, .deferred, .held]
        var missing: [String: JobSummary.State] = [:]
        for try await batch in database.allJobs {
            for row in batch where !seen.contains(row.job) && (!onlyOpen || open.contains(row.state)) {
                missing[row.job] = row.state
            }
        }
        // A scan may miss a name that is renamed while it reads (docs/filesystem-rules.md, rule 21), or a job that
        // moves against its order: so it searches twice.
        for _ in 0..<2 {
            let found = try await find(Set(missing.keys))
            _ = try await write(all: found)
            for location in found { missing[location.job.id.text] = nil }
        }
        if missing.values.contains(where: { $0 == .rejected || $0 == .duplicate }) {
            let notes = try await threads.run { [spool] in try spool.rejectionNotes() }
            for note in notes where missing[note.job.id.text] == note.state { missing[note.job.id.text] = nil }
        }
        try await writer.write(missing.keys.map { .remove(job: $0) })
    }
}
