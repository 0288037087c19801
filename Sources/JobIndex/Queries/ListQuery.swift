import Documents
import GRDB
import Jobs

/// The SQL of a list, chosen so that an index gives the rows in order and only those shown are read.
struct ListQuery {
    private(set) var sql: String
    private(set) var arguments: StatementArguments

    /// Up to this many jobs in the wanted states, it is cheaper to read each of them than all jobs with a label.
    private static let fewJobs = 10_000

    /// - Parameter jobsInStates: how many jobs are in the wanted states (and queue), from the counters.
    init(_ filter: JobFilter, jobsInStates: Int) {
        if filter.owner != nil || filter.sort.column != "accepted_at" {
            self = Self(scanning: filter)
        } else if let label = filter.labels.first, jobsInStates > Self.fewJobs {
            self = Self(filter, from: label)
        } else {
            self = Self(byState: filter)
        }
    }

    private init(sql: String, arguments: StatementArguments) { (self.sql, self.arguments) = (sql, arguments) }

    /// The states of the filter in a fixed order.
    static func states(of filter: JobFilter) -> [JobSummary.State] {
        JobSummary.State.allCases.filter { filter.states.isEmpty || filter.states.contains($0) }
    }

    /// One ordered run of an index for each state, merged by SQLite.
    private init(byState filter: JobFilter) {
        let index =
            filter.queue != nil ? "jobs_by_queue" : filter.workflow != nil ? "jobs_by_workflow" : "jobs_by_state"
        var arguments: StatementArguments = []
        let places = Self.places(behind: filter.after, prefix: "")
        let runs = Self.states(of: filter).flatMap { state in
            places.map { place in
                var conditions = ["state = ?"]
                arguments += [state.rawValue]
                Self.add(filter, prefix: "jobs", labels: filter.labels[...], to: &conditions, &arguments)
                conditions += place.sql.isEmpty ? [] : [place.sql]
                arguments += place.arguments
                let columns = RowWriter.jobColumns.joined(separator: ", ")
                return "SELECT \(columns) FROM jobs INDEXED BY \(index) WHERE \(conditions.joined(separator: " AND "))"
            }
        }
        arguments += [filter.limit ?? -1]
        let order = filter.sort.direction
        let sql = runs.joined(separator: "\nUNION ALL\n") + "\nORDER BY accepted_at \(order), job \(order) LIMIT ?"
        self.init(sql: sql, arguments: arguments)
    }

    /// Reads the jobs with a label, newest first, and keeps those that meet the other conditions.
    private init(_ filter: JobFilter, from label: JobFilter.Label) {
        let states = Self.states(of: filter)
        var conditions = [
            "labels.key = ?", "labels.value = ?",
            "jobs.state IN (\(Array(repeating: "?", count: states.count).joined(separator: ", ")))",
        ]
        var arguments: StatementArguments = [label.key, label.value]
        arguments += StatementArguments(states.map(\.rawValue))
        Self.add(filter, prefix: "labels", labels: filter.labels.dropFirst(), to: &conditions, &arguments)
        Self.add(Self.places(behind: filter.after, prefix: "labels."), to: &conditions, &arguments)
        arguments += [filter.limit ?? -1]
        let order = filter.sort.direction
        let columns = RowWriter.jobColumns.map { "jobs.\($0)" }.joined(separator: ", ")
        // CROSS JOIN fixes the order of the loops (sqlite.org/optoverview.html, "Manual Control Of Query Plans").
        let sql = """
            SELECT \(columns) FROM labels INDEXED BY labels_by_value CROSS JOIN jobs ON jobs.job = labels.job
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY labels.accepted_at \(order), labels.job \(order) LIMIT ?
            """
        self.init(sql: sql, arguments: arguments)
    }

    /// One run over the jobs of an owner, or over all where no index gives the order.
    private init(scanning filter: JobFilter) {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        if !filter.states.isEmpty {
            let states = Self.states(of: filter)
            // The plus keeps SQLite from an index that does not give the order.
            conditions.append("+state IN (\(Array(repeating: "?", count: states.count).joined(separator: ", ")))")
            arguments += StatementArguments(states.map(\.rawValue))
        }
        switch filter.owner {
        case .exactly(let owner):
            conditions.append("owner = ? AND owner_uid = ?")
            arguments += [owner.name, owner.uid]
        case .named(let name):
            conditions.append("owner = ?")
            arguments += [name]
        case nil: break
        }
        Self.add(filter, prefix: "jobs", labels: filter.labels[...], to: &conditions, &arguments)
        Self.add(Self.places(behind: filter.after, prefix: ""), to: &conditions, &arguments)
        arguments += [filter.limit ?? -1]
        let (column, order) = (filter.sort.column, filter.sort.direction)
        let sql = """
            SELECT \(RowWriter.jobColumns.joined(separator: ", ")) FROM jobs
            \(filter.owner == nil ? "" : "INDEXED BY jobs_by_owner")
            WHERE \(conditions.isEmpty ? "1" : conditions.joined(separator: " AND "))
            ORDER BY \(column) \(order), job \(order) LIMIT ?
            """
        self.init(sql: sql, arguments: arguments)
    }

    // MARK: Conditions

    private struct Place {
        var sql: String
        var arguments: StatementArguments
    }

    /// The parts of the order behind a cursor, each a range of an index; SQLite sorts NULL as the smallest.
    private static func places(behind cursor: JobCursor?, prefix: String) -> [Place] {
        guard let cursor, !cursor.isStart else { return [Place(sql: "", arguments: [])] }
        let (column, job) = ("\(prefix)\(cursor.sort.column)", "\(prefix)job")
        let rises = cursor.sort.direction == "ASC"
        let sign = rises ? ">" : "<"
        let others = Place(sql: "\(column) IS \(rises ? "NOT NULL" : "NULL")", arguments: [])
        guard let value = cursor.value else {
            let same = Place(sql: "\(column) IS NULL AND \(job) \(sign) ?", arguments: [cursor.job])
            return rises ? [same, others] : [same]
        }
        let behind = Place(sql: "(\(column), \(job)) \(sign) (?, ?)", arguments: [value, cursor.job])
        return rises ? [behind] : [behind, others]
    }

    private static func add(_ places: [Place], to conditions: inout [String], _ arguments: inout StatementArguments) {
        let parts = places.filter { !$0.sql.isEmpty }
        guard !parts.isEmpty else { return }
        conditions.append("(\(parts.map { "(\($0.sql))" }.joined(separator: " OR ")))")
        for part in parts { arguments += part.arguments }
    }

    private static func add(
        _ filter: JobFilter,
        prefix: String,
        labels: ArraySlice<JobFilter.Label>,
        to conditions: inout [String],
        _ arguments: inout StatementArguments
    ) {
        if let queue = filter.queue {
            conditions.append("jobs.queue = ?")
            arguments += [queue]
        }
        if let workflow = filter.workflow {
            conditions.append("jobs.workflow = ?")
            arguments += [workflow]
        }
        if let since = filter.since {
            conditions.append("\(prefix).accepted_at >= ?")
            arguments += [since.milliseconds]
        }
        if let until = filter.until {
            conditions.append("\(prefix).accepted_at < ?")
            arguments += [until.milliseconds]
        }
        if let text = filter.text {
            let columns = ["jobs.name", "jobs.job", "jobs.reason", "jobs.labels"].map { "\($0) LIKE ? ESCAPE '\\'" }
            let outputs = IndexedCall.Table.allCases.map { table in
                "EXISTS (SELECT 1 FROM \(table.rawValue) AS calls "
                    + "WHERE calls.job = jobs.job AND calls.output LIKE ? ESCAPE '\\')"
            }
            let parts = columns + outputs
            conditions.append("(\(parts.joined(separator: " OR ")))")
            arguments += StatementArguments(parts.map { _ in Self.pattern(text) })
        }
        for label in labels {
            let same = "other.job = jobs.job AND other.key = ? AND other.value = ?"
            conditions.append("EXISTS (SELECT 1 FROM labels AS other WHERE \(same))")
            arguments += [label.key, label.value]
        }
    }

    /// The pattern of LIKE for a text that may have its signs.
    private static func pattern(_ text: String) -> String {
        "%\(text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_"))%"
    }
}

extension JobFilter.Sort {
    fileprivate var column: String {
        switch self {
        case .newest, .oldest: "accepted_at"
        case .finished: "finished_at"
        case .cost: "cost_usd"
        case .tokens: "tokens"
        }
    }

    fileprivate var direction: String { self == .oldest ? "ASC" : "DESC" }
}
