import Documents
import GRDB
import Jobs
import OrderedCollections

/// Writes updates as rows, within one transaction.
///
/// The statements are prepared once per connection and the rows bound by position: this is the hot path of the index.
struct RowWriter {
    private let database: Database
    private let insertJob: Statement
    private let updateWhy: Statement
    private let insertLabel: Statement
    private let insertStep: Statement
    private let insertEvent: Statement
    private let insertCall: [IndexedCall.Table: Statement]
    private let giveUpCalls: [IndexedCall.Table: Statement]
    /// The newest rows of each job in this transaction: many records of a job write its row and its indices once.
    private var latest: OrderedDictionary<String, Latest> = [:]

    /// The newest rows of a job.
    private struct Latest {
        var summary: JobSummary
        var steps: [String: IndexedStep] = [:]
        /// By attempt, which counts from 1.
        var calls: [CallKey: [Int: IndexedCall]] = [:]

        mutating func keep(_ summary: JobSummary, _ steps: [IndexedStep]) {
            if self.summary.seq <= summary.seq { self.summary = summary }
            for step in steps {
                if let known = self.steps[step.path], known.seq > step.seq { continue }
                self.steps[step.path] = step
            }
        }

        mutating func keep(_ call: IndexedCall, in table: IndexedCall.Table) {
            let known = calls[CallKey(table: table, step: call.step)]?[call.attempt]
            let row = known.map { call.merged(with: $0) } ?? call
            calls[CallKey(table: table, step: call.step), default: [:]][call.attempt] = row
        }

        /// When `step` is given, reads only the calls of that step: a batch may have many lines.
        mutating func giveUpCalls(before seq: Int, in tables: [IndexedCall.Table], of step: String?) {
            let keys =
                step.map { step in tables.map { CallKey(table: $0, step: step) } }
                ?? calls.keys.filter { tables.contains($0.table) }
            for key in keys {
                for (attempt, call) in calls[key] ?? [:] where call.status == .running && call.seq < seq {
                    calls[key]?[attempt]?.status = .unknown
                }
            }
        }
    }

    private struct CallKey: Hashable {
        var table: IndexedCall.Table
        var step: String
    }

    init(_ database: Database) throws {
        self.database = database
        insertJob = try RowBinding.prepared(Self.jobSQL, database)
        updateWhy = try RowBinding.prepared(Self.whySQL, database)
        insertLabel = try RowBinding.prepared(Self.labelSQL, database)
        insertStep = try RowBinding.prepared(Self.stepSQL, database)
        insertEvent = try RowBinding.prepared(Self.eventSQL, database)
        insertCall = try Self.callSQL.mapValues { try RowBinding.prepared($0, database) }
        giveUpCalls = try Self.giveUpSQL.mapValues { try RowBinding.prepared($0, database) }
    }

    mutating func write(_ updates: some Sequence<IndexUpdate>) throws {
        for update in updates {
            switch update {
            case .job(let summary, let steps, let records):
                keep(summary, steps)
                for record in records { try write(record, of: summary) }
            case .rejected(let summary):
                keep(summary, [])
                try writeLabels(of: summary)
            case .waits(let job, let why, let seq): try write(why: why, of: job, seq: seq)
            case .remove(let job):
                latest[job] = nil
                try remove(job)
            }
        }
        for (job, rows) in latest {
            try write(rows.summary)
            for step in rows.steps.values { try write(step, of: job) }
            for (key, attempts) in rows.calls {
                for call in attempts.values { try write(call, of: job, to: key.table) }
            }
        }
        latest.removeAll()
    }

    private mutating func keep(_ summary: JobSummary, _ steps: [IndexedStep]) {
        latest[summary.job, default: Latest(summary: summary)].keep(summary, steps)
    }

    private func remove(_ job: String) throws {
        for table in ["jobs", "labels", "steps", "model_calls", "tool_calls", "events"] {
            try database.cachedStatement(sql: "DELETE FROM \(table) WHERE job = ?").execute(arguments: [job])
        }
    }

    // MARK: Rows

    private func write(_ summary: JobSummary) throws {
        let labels = summary.labels.isEmpty ? "{}" : JSON.object(summary.labels.mapValues(JSON.string)).text
        var row = RowBinding(insertJob)
        row.bind(summary.job)
        row.bind(summary.name)
        row.bind(summary.queue)
        row.bind(summary.workflow)
        row.bind(summary.state.rawValue)
        row.bind(summary.outcome)
        row.bind(summary.reason)
        row.bind(labels)
        row.bind(summary.owner)
        row.bind(summary.acceptedAt?.milliseconds)
        row.bind(summary.startedAt?.milliseconds)
        row.bind(summary.finishedAt?.milliseconds)
        row.bind(summary.dueAt?.milliseconds)
        row.bind(summary.step)
        row.bind(summary.attempts)
        row.bind(summary.tokens)
        row.bind(summary.costUSD.stored)
        row.bind(summary.seq)
        row.bind(summary.why)
        row.bind(summary.isTruncated ? 1 : 0)
        row.bind(summary.ownerUID.map(Int64.init))
        row.bind(summary.delivery?.rawValue)
        row.bind(summary.deliveryReason)
        try row.execute()
    }

    /// Writes what a job waits for; does nothing when a newer record is known.
    private mutating func write(why: String?, of job: String, seq: Int) throws {
        if let known = latest[job]?.summary {
            if known.seq <= seq { latest[job]?.summary.why = why }
            return
        }
        var row = RowBinding(updateWhy)
        row.bind(why)
        row.bind(job)
        row.bind(seq)
        try row.execute()
    }

    private func writeLabels(of summary: JobSummary) throws {
        for (key, value) in summary.labels {
            var row = RowBinding(insertLabel)
            row.bind(summary.job)
            row.bind(key)
            row.bind(value)
            row.bind(summary.acceptedAt?.milliseconds)
            try row.execute()
        }
    }

    private func write(_ step: IndexedStep, of job: String) throws {
        var row = RowBinding(insertStep)
        row.bind(job)
        row.bind(step.path)
        row.bind(step.kind.rawValue)
        row.bind(step.status.rawValue)
        row.bind(step.attempts)
        row.bind(step.startedAt?.milliseconds)
        row.bind(step.finishedAt?.milliseconds)
        row.bind(step.durationMilliseconds)
        row.bind(step.failureClass?.rawValue)
        row.bind(step.message)
        row.bind(step.seq)
        try row.execute()
    }

    private mutating func write(_ record: IndexedRecord, of summary: JobSummary) throws {
        var row = RowBinding(insertEvent)
        row.bind(summary.job)
        row.bind(record.seq)
        row.bind(record.epoch)
        row.bind(record.at.milliseconds)
        row.bind(record.type)
        row.bind(record.step)
        try row.execute()
        if record.isAcceptance { try writeLabels(of: summary) }
        if record.endsCalls { try endCalls(of: summary.job, seq: record.seq) }
        guard let call = record.call, let table = record.callTable else { return }
        // An earlier attempt without an end will never have one.
        if call.status == .running, call.attempt > 1 {
            try endCalls(of: summary.job, seq: call.seq, in: [table], of: call.step)
        }
        latest[summary.job]?.keep(call, in: table)
    }

    private func write(_ call: IndexedCall, of job: String, to table: IndexedCall.Table) throws {
        guard let statement = insertCall[table] else { return }
        var row = RowBinding(statement)
        row.bind(job)
        row.bind(call.step)
        row.bind(call.attempt)
        row.bind(call.name)
        row.bind(call.effect?.rawValue)
        row.bind(call.arguments)
        row.bind(call.status.rawValue)
        row.bind(call.output)
        row.bind(call.failureClass?.rawValue)
        row.bind(call.message)
        row.bind(call.durationMilliseconds)
        row.bind(call.inputTokens)
        row.bind(call.cachedInputTokens)
        row.bind(call.outputTokens)
        row.bind(call.costUSD.stored)
        row.bind(call.at.milliseconds)
        row.bind(call.seq)
        try row.execute()
    }

    /// Marks running calls that began before the record `seq` as `unknown`: those of `step`, or all.
    private mutating func endCalls(
        of job: String,
        seq: Int,
        in tables: [IndexedCall.Table] = IndexedCall.Table.allCases,
        of step: String? = nil
    ) throws {
        for table in tables {
            guard let statement = giveUpCalls[table] else { continue }
            var row = RowBinding(statement)
            row.bind(seq)
            row.bind(job)
            row.bind(step)
            try row.execute()
        }
        latest[job]?.giveUpCalls(before: seq, in: tables, of: step)
    }

    // MARK: Statements

    /// The columns of `jobs`, in the order in which they are bound and read.
    static let jobColumns = [
        "job", "name", "queue", "workflow", "state", "outcome", "reason", "labels", "owner", "accepted_at",
        "started_at", "finished_at", "due_at", "step", "attempts", "tokens", "cost_usd", "seq", "why",
        "truncated", "owner_uid", "delivery", "delivery_reason",
    ]

    private static let stepColumns = [
        "job", "path", "kind", "status", "attempts", "started_at", "finished_at", "duration_ms", "failure_class",
        "message", "seq",
    ]

    private static let jobSQL = upsert(into: "jobs", jobColumns, key: ["job"])
    private static let stepSQL = upsert(into: "steps", stepColumns, key: ["job", "path"])
    private static let whySQL = "UPDATE jobs SET why = ? WHERE job = ? AND seq <= ?"
    private static let labelSQL = "INSERT OR REPLACE INTO labels (job, key, value, accepted_at) VALUES (?, ?, ?, ?)"
    private static let eventSQL =
        "INSERT OR REPLACE INTO events (job, seq, epoch, at, type, step) VALUES (?, ?, ?, ?, ?, ?)"

    static func callColumns(_ table: IndexedCall.Table) -> [String] {
        [
            "job", "step", "attempt", table.nameColumn, "effect", "arguments", "status", "output", "failure_class",
            "message", "duration_ms", "input_tokens", "cached_input_tokens", "output_tokens", "cost_usd", "at", "seq",
        ]
    }

    /// Fields that only a call's start has stay when its end comes, and are added when the start is written later. The
    /// same record again changes nothing: its call may have become `unknown` since.
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

    private static let callSQL = texts(callSQL)
    private static let giveUpSQL = texts(giveUpSQL)

    private static func texts(_ text: (IndexedCall.Table) -> String) -> [IndexedCall.Table: String] {
        Dictionary(uniqueKeysWithValues: IndexedCall.Table.allCases.map { ($0, text($0)) })
    }

    private static func giveUpSQL(_ table: IndexedCall.Table) -> String {
        """
        UPDATE \(table.rawValue) SET status = 'unknown'
        WHERE job = ?2 AND status = 'running' AND seq < ?1 AND (?3 IS NULL OR step = ?3)
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
    /// SQLite stores NaN as NULL.
    fileprivate var stored: Double { isNaN ? 0 : self }
}
