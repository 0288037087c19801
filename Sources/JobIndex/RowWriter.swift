import GRDB
import Jobs
import OrderedCollections

/// Writes updates as rows, within one transaction.
///
/// The statements are prepared once a connection and the rows bound by position: this is the hot path of the index.
struct RowWriter {
    private let database: Database
    private let insertJob: Statement
    private let insertLabel: Statement
    private let insertStep: Statement
    private let insertEvent: Statement
    private let insertCall: [IndexedCall.Table: Statement]
    /// The newest row of each job in this transaction: many records of a job cost its row and indices once.
    private var latest: [String: JobSummary] = [:]

    init(_ database: Database) throws {
        self.database = database
        insertJob = try database.cachedStatement(sql: Self.jobSQL)
        insertLabel = try database.cachedStatement(sql: Self.labelSQL)
        insertStep = try database.cachedStatement(sql: Self.stepSQL)
        insertEvent = try database.cachedStatement(sql: Self.eventSQL)
        insertCall = [
            .model: try database.cachedStatement(sql: Self.callSQL(.model)),
            .tool: try database.cachedStatement(sql: Self.callSQL(.tool)),
        ]
    }

    mutating func write(_ updates: some Sequence<IndexUpdate>) throws {
        for update in updates {
            switch update {
            case .job(let summary, let steps, let records):
                keep(summary)
                for step in steps { try write(step, of: summary.job) }
                for record in records { try write(record, of: summary) }
            case .rejected(let summary):
                keep(summary)
                try writeLabels(of: summary)
            case .remove(let job):
                latest[job] = nil
                try remove(job)
            }
        }
        for summary in latest.values { try write(summary) }
        latest.removeAll()
    }

    private mutating func keep(_ summary: JobSummary) {
        if let known = latest[summary.job], known.seq > summary.seq { return }
        latest[summary.job] = summary
    }

    private func remove(_ job: String) throws {
        for table in ["jobs", "labels", "steps", "model_calls", "tool_calls", "events"] {
            try database.cachedStatement(sql: "DELETE FROM \(table) WHERE job = ?").execute(arguments: [job])
        }
    }

    // MARK: Rows

    private func write(_ summary: JobSummary) throws {
        let labels = summary.labels.isEmpty ? "{}" : JSON.object(summary.labels.mapValues(JSON.string)).text
        insertJob.setUncheckedArguments([
            summary.job, summary.name, summary.queue, summary.workflow, summary.state.rawValue, summary.outcome,
            summary.reason, labels, summary.owner, summary.acceptedAt?.milliseconds, summary.startedAt?.milliseconds,
            summary.finishedAt?.milliseconds, summary.dueAt?.milliseconds, summary.step, summary.attempts,
            summary.tokens, summary.costUSD.stored, summary.seq,
        ])
        try insertJob.execute()
    }

    private func writeLabels(of summary: JobSummary) throws {
        for (key, value) in summary.labels {
            insertLabel.setUncheckedArguments([summary.job, key, value, summary.acceptedAt?.milliseconds])
            try insertLabel.execute()
        }
    }

    private func write(_ step: IndexedStep, of job: String) throws {
        insertStep.setUncheckedArguments([
            job, step.path, step.kind.rawValue, step.status.rawValue, step.attempts, step.startedAt?.milliseconds,
            step.finishedAt?.milliseconds, step.durationMilliseconds, step.failureClass?.rawValue, step.message,
            step.seq,
        ])
        try insertStep.execute()
    }

    private func write(_ record: IndexedRecord, of summary: JobSummary) throws {
        insertEvent.setUncheckedArguments([
            summary.job, record.seq, record.epoch, record.at.milliseconds, record.type, record.step,
        ])
        try insertEvent.execute()
        if record.isAcceptance { try writeLabels(of: summary) }
        if record.endsCalls { try endCalls(of: summary.job, seq: record.seq) }
        if let call = record.call, let table = record.callTable { try write(call, of: summary.job, to: table) }
    }

    private func write(_ call: IndexedCall, of job: String, to table: IndexedCall.Table) throws {
        // An earlier attempt that has no end will have none.
        if call.status == .running, call.attempt > 1 {
            try endCalls(of: job, seq: call.seq, in: [table], of: call.step)
        }
        guard let statement = insertCall[table] else { return }
        statement.setUncheckedArguments([
            job, call.step, call.attempt, call.name, call.effect?.rawValue, call.arguments, call.status.rawValue,
            call.output, call.failureClass?.rawValue, call.message, call.durationMilliseconds, call.inputTokens,
            call.cachedInputTokens, call.outputTokens, call.costUSD.stored, call.at.milliseconds, call.seq,
        ])
        try statement.execute()
    }

    /// Says of calls that run, and began before the record `seq`, that their end is not known: those of `step`, or all.
    private func endCalls(
        of job: String,
        seq: Int,
        in tables: [IndexedCall.Table] = IndexedCall.Table.allCases,
        of step: String? = nil
    ) throws {
        for table in tables {
            let sql = """
                UPDATE \(table.rawValue) SET status = 'unknown'
                WHERE job = ?2 AND status = 'running' AND seq < ?1 AND (?3 IS NULL OR step = ?3)
                """
            try database.cachedStatement(sql: sql).execute(arguments: [seq, job, step])
        }
    }

    // MARK: Statements

    /// The columns of `jobs`, in the order in which they are bound and read.
    static let jobColumns = [
        "job", "name", "queue", "workflow", "state", "outcome", "reason", "labels", "owner", "accepted_at",
        "started_at", "finished_at", "due_at", "step", "attempts", "tokens", "cost_usd", "seq",
    ]

    private static let stepColumns = [
        "job", "path", "kind", "status", "attempts", "started_at", "finished_at", "duration_ms", "failure_class",
        "message", "seq",
    ]

    private static let jobSQL = upsert(into: "jobs", jobColumns, key: ["job"])
    private static let stepSQL = upsert(into: "steps", stepColumns, key: ["job", "path"])
    private static let labelSQL = "INSERT OR REPLACE INTO labels (job, key, value, accepted_at) VALUES (?, ?, ?, ?)"
    private static let eventSQL =
        "INSERT OR REPLACE INTO events (job, seq, epoch, at, type, step) VALUES (?, ?, ?, ?, ?, ?)"

    static func callColumns(_ table: IndexedCall.Table) -> [String] {
        [
            "job", "step", "attempt", table.nameColumn, "effect", "arguments", "status", "output", "failure_class",
            "message", "duration_ms", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "at", "seq",
        ]
    }

    /// What only the beginning of a call tells stays when its end comes, and comes to it when it is written later. The
    /// same record again changes nothing: its call may have been given up since.
    private static func callSQL(_ table: IndexedCall.Table) -> String {
        let columns = callColumns(table)
        let changes = columns.dropFirst(3).map { column in
            ["effect", "arguments"].contains(column)
                ? "\(column) = coalesce(excluded.\(column), \(column))"
                : "\(column) = iif(excluded.seq > seq, excluded.\(column), \(column))"
        }
        return """
            INSERT INTO \(table.rawValue) (\(columns.joined(separator: ", ")))
            VALUES (\(Array(repeating: "?", count: columns.count).joined(separator: ", ")))
            ON CONFLICT (job, step, attempt) DO UPDATE SET \(changes.joined(separator: ", "))
            """
    }

    /// A row never replaces one with a higher `seq`.
    private static func upsert(into table: String, _ columns: [String], key: [String]) -> String {
        let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        let changes = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return """
            INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))
            ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(changes) WHERE excluded.seq >= \(table).seq
            """
    }
}

extension Double {
    /// SQLite makes NULL of what is not a number.
    fileprivate var stored: Double { isNaN ? 0 : self }
}
