package import Documents
import GRDB
package import Jobs

/// How many jobs a queue has in a state, and when the oldest of them was accepted.
package struct QueueCount: Sendable, Equatable {
    package var queue: String
    package var state: JobSummary.State
    package var count: Int
    package var oldestAcceptedAt: Timestamp?
}

/// Errors of all queries: ``IndexError``, or `CancellationError` when the task was cancelled.
extension IndexDatabase {
    /// The most jobs that ``jobs(matching:)`` returns: enough for a person to see that a text is ambiguous.
    package static let matchesMax = 11
    /// The shortest part of an id that stands for a job, in characters.
    package static let idPartMin = 4

    /// The jobs that meet `filter`, in its order.
    package func list(_ filter: JobFilter) async throws -> [JobSummary] {
        try await read { database in
            let jobsInStates = filter.labels.isEmpty ? 0 : try Self.count(of: filter, in: database)
            let query = ListQuery(filter, jobsInStates: jobsInStates)
            return try JobSummary.fetchAll(database, sql: query.sql, arguments: query.arguments)
        }
    }

    /// How many jobs meet `filter`, whatever its limit and cursor are; `max` where there are as many or more.
    package func count(_ filter: JobFilter, upTo max: Int) async throws -> Int {
        var filter = filter
        (filter.limit, filter.after, filter.sort) = (max, nil, .newest)
        return try await read { [filter] database in
            let jobsInStates = filter.labels.isEmpty ? 0 : try Self.count(of: filter, in: database)
            let query = ListQuery(filter, jobsInStates: jobsInStates)
            let sql = "SELECT count(*) FROM (\(query.sql))"
            return try Int.fetchOne(database, sql: sql, arguments: query.arguments) ?? 0
        }
    }

    /// The jobs that a person may mean by `text`; at most ``matchesMax``, newest id first.
    ///
    /// It is an id, else a part of one (``idPartMin`` characters or more, upper or lower case), the dropped file's
    /// whole name, or the job directory's.
    package func jobs(matching text: String) async throws -> [JobSummary] {
        let id = JobID(text.uppercased())?.text ?? text
        return try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let select = "SELECT \(columns) FROM jobs WHERE"
            let exact = try JobSummary.fetchAll(database, sql: "\(select) job = ?", arguments: [id])
            if !exact.isEmpty { return exact }
            var matches = try String.fetchAll(
                database,
                sql: "SELECT job FROM jobs WHERE name = ? ORDER BY job DESC LIMIT ?",
                arguments: [text, Self.matchesMax]
            )
            if let name = JobName(text) {
                let sql = "SELECT job FROM jobs WHERE job = ?"
                matches += try String.fetchAll(database, sql: sql, arguments: [name.id.text])
            } else if text.count >= Self.idPartMin {
                // This reads every id: some 100 ms for a million, which a person does not notice.
                matches += try String.fetchAll(
                    database,
                    sql: "SELECT job FROM jobs WHERE instr(job, ?) OR instr(job, ?) ORDER BY job DESC LIMIT ?",
                    arguments: [text.uppercased(), text, Self.matchesMax]
                )
            }
            let jobs = Set(matches).sorted(by: >).prefix(Self.matchesMax)
            return try jobs.flatMap { try JobSummary.fetchAll(database, sql: "\(select) job = ?", arguments: [$0]) }
        }
    }

    /// How many jobs there are, by queue and state; the same time for ten jobs and a million.
    package func counts() async throws -> [QueueCount] {
        try await read { database in
            let sql = """
                SELECT queue, state, count, (
                    SELECT accepted_at FROM jobs INDEXED BY jobs_by_queue
                    WHERE queue = counters.queue AND state = counters.state AND accepted_at IS NOT NULL
                    ORDER BY accepted_at LIMIT 1
                ) FROM counters ORDER BY queue, state
                """
            return try Row.fetchAll(database, sql: sql).compactMap { row in
                guard let state = JobSummary.State(rawValue: row[1]) else { return nil }
                return QueueCount(queue: row[0], state: state, count: row[2], oldestAcceptedAt: row.time(3))
            }
        }
    }

    /// Jobs that need a person's attention: held ones, and deferred ones due before `time`; each oldest first.
    ///
    /// - Parameter limit: The most jobs of each kind.
    package func stuck(
        dueBefore time: Timestamp,
        limit: Int
    ) async throws -> (held: [JobSummary], overdue: [JobSummary]) {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let held = try JobSummary.fetchAll(
                database,
                sql: "SELECT \(columns) FROM jobs WHERE state = 'held' ORDER BY accepted_at, job LIMIT ?",
                arguments: [limit]
            )
            let overdue = try JobSummary.fetchAll(
                database,
                sql: """
                    SELECT \(columns) FROM jobs
                    WHERE due_at IS NOT NULL AND due_at < ? AND +state = 'deferred' ORDER BY due_at, job LIMIT ?
                    """,
                arguments: [time.milliseconds, limit]
            )
            return (held, overdue)
        }
    }

    /// Jobs that wait and need no person: running ones with a waiting step, then deferred ones, the next due first.
    ///
    /// - Parameter limit: The most jobs of each kind.
    package func waits(limit: Int) async throws -> [JobSummary] {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let running = try JobSummary.fetchAll(
                database,
                sql: """
                    SELECT \(columns) FROM jobs
                    WHERE state = 'running' AND why IS NOT NULL ORDER BY accepted_at, job LIMIT ?
                    """,
                arguments: [limit]
            )
            let deferred = try JobSummary.fetchAll(
                database,
                sql: """
                    SELECT \(columns) FROM jobs
                    WHERE due_at IS NOT NULL AND +state = 'deferred' ORDER BY due_at, job LIMIT ?
                    """,
                arguments: [limit]
            )
            return running + deferred
        }
    }

    /// Jobs with a step during which the daemon died repeatedly, and which runs alone or waits to; oldest first.
    package func suspects(limit: Int) async throws -> [JobSummary] {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let sql = """
                SELECT \(columns) FROM jobs
                WHERE state IN ('waiting', 'running') AND why LIKE ? ORDER BY accepted_at, job LIMIT ?
                """
            return try JobSummary.fetchAll(database, sql: sql, arguments: ["\(Suspicion.mark)%", limit])
        }
    }

    /// Done jobs that still have a reason to show, such as a batch with failed lines; newest first.
    package func doneWithReason(limit: Int) async throws -> [JobSummary] {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let sql = """
                SELECT \(columns) FROM jobs INDEXED BY jobs_done_with_reason
                WHERE state = 'done' AND reason IS NOT NULL ORDER BY finished_at DESC LIMIT ?
                """
            return try JobSummary.fetchAll(database, sql: sql, arguments: [limit])
        }
    }

    /// Jobs whose delivery or hooks failed for good, or failed and wait for another attempt; the newest first.
    ///
    /// - Parameter limit: The most jobs of each kind.
    package func undelivered(limit: Int) async throws -> [JobSummary] {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            return try [DeliveryPlan.Status.failed, .waiting].flatMap { status in
                let sql = """
                    SELECT \(columns) FROM jobs INDEXED BY jobs_by_delivery
                    WHERE delivery = '\(status.rawValue)' ORDER BY finished_at DESC LIMIT ?
                    """
                return try JobSummary.fetchAll(database, sql: sql, arguments: [limit])
            }
        }
    }

    /// The steps of a job in the order in which they began.
    package func steps(of job: String) async throws -> [IndexedStep] {
        try await read { database in
            let sql = """
                SELECT path, kind, status, attempts, started_at, finished_at, duration_ms, failure_class, message, seq
                FROM steps WHERE job = ? ORDER BY started_at, seq, path
                """
            return try Row.fetchAll(database, sql: sql, arguments: [job]).compactMap(IndexedStep.init(row:))
        }
    }

    /// The attempts to call a model, in the order in which they ended; one that has not ended counts from its start.
    package func modelCalls(of job: String) async throws -> [IndexedCall] { try await calls(of: job, in: .model) }

    /// The attempts to call a tool, in the same order.
    package func toolCalls(of job: String) async throws -> [IndexedCall] { try await calls(of: job, in: .tool) }

    private func calls(of job: String, in table: IndexedCall.Table) async throws -> [IndexedCall] {
        try await read { database in
            let columns = RowWriter.callColumns(table).joined(separator: ", ")
            let sql = "SELECT \(columns) FROM \(table.rawValue) WHERE job = ? ORDER BY seq, step, attempt"
            return try Row.fetchAll(database, sql: sql, arguments: [job]).compactMap(IndexedCall.init(row:))
        }
    }

    /// Removes the rows of jobs that are gone; only while no ``IndexWriter`` works on this index.
    package func remove(jobs: [String]) async throws {
        let path = path
        guard let pool else { throw IndexError.inaccessible(path: path, reason: "it is open for reading only") }
        do {
            try await pool.write { database in
                var rows = try RowWriter(database)
                try rows.write(jobs.lazy.map(IndexUpdate.remove(job:)))
            }
        } catch {
            throw IndexError(error, path: path) ?? error
        }
    }

    private static func count(of filter: JobFilter, in database: Database) throws -> Int {
        let states = ListQuery.states(of: filter)
        return try states.reduce(0) { total, state in
            let sql = "SELECT sum(count) FROM counters WHERE state = ? AND (? IS NULL OR queue = ?)"
            let count = try Int.fetchOne(database, sql: sql, arguments: [state.rawValue, filter.queue, filter.queue])
            return total + (count ?? 0)
        }
    }

    /// Reads on SQLite's own threads; an error says what is wrong with the index.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await reader.read(body)
        } catch let error as DatabaseError {
            // Our own SQL fails only on tables that are not as we made them.
            throw IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
        }
    }
}
