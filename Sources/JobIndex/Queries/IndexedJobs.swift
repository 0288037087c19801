import GRDB
package import Jobs

/// What the index says about a job's state: enough to compare it with the files.
package struct IndexedJob: Sendable, Equatable {
    package var job: String
    package var state: JobSummary.State
    package var seq: Int
}

/// All jobs of the index in batches, ordered by id.
///
/// Each batch is a query of its own, so that a long comparison holds up neither the writer nor its log. Jobs that come
/// or go meanwhile may or may not be seen.
package struct IndexedJobs: AsyncSequence, Sendable {
    package typealias Element = [IndexedJob]

    /// How many jobs a batch holds.
    package static let batchSize = 1_000

    let database: IndexDatabase

    package struct AsyncIterator: AsyncIteratorProtocol {
        let database: IndexDatabase
        private var last: String?

        init(database: IndexDatabase) { self.database = database }

        /// The next batch; nil after the last.
        ///
        /// - Throws: ``IndexError``.
        package mutating func next() async throws -> [IndexedJob]? {
            let after = last ?? ""
            let rows = try await database.read { database in
                let sql = "SELECT job, state, seq FROM jobs WHERE job > ? ORDER BY job LIMIT ?"
                return try Row.fetchAll(database, sql: sql, arguments: [after, IndexedJobs.batchSize]).map { row in
                    (job: row[0] as String, state: row[1] as String, seq: row[2] as Int)
                }
            }
            guard let end = rows.last else { return nil }
            last = end.job
            return rows.compactMap { row in
                JobSummary.State(rawValue: row.state).map { IndexedJob(job: row.job, state: $0, seq: row.seq) }
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(database: database) }
}

extension IndexDatabase {
    /// All jobs, for comparing with the files.
    package var allJobs: IndexedJobs { IndexedJobs(database: self) }
}

extension IndexDatabase {
    /// Whether there is a row for the job of this id. Blocks for some microseconds.
    package func contains(job: String) throws -> Bool {
        try (lookup ?? reader).unsafeRead { database in
            let statement = try database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM jobs WHERE job = ?)")
            return try Bool.fetchOne(statement, arguments: [job]) ?? false
        }
    }

    /// The row of the job of this id; nil when there is none. Blocks for some microseconds.
    package func row(of job: JobID) throws -> JobSummary? {
        try (lookup ?? reader).unsafeRead { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM jobs WHERE job = ?")
            return try Row.fetchOne(statement, arguments: [job.text]).flatMap(JobSummary.init)
        }
    }
}
