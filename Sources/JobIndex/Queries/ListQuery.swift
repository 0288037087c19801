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
        if let label = filter.labels.first, jobsInStates > Self.fewJobs {
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
        let runs = Self.states(of: filter).map { state in
            var conditions = ["state = ?"]
            arguments += [state.rawValue]
            Self.add(filter, prefix: "jobs", labels: filter.labels[...], to: &conditions, &arguments)
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            return "SELECT \(columns) FROM jobs INDEXED BY \(index) WHERE \(conditions.joined(separator: " AND "))"
        }
        arguments += [filter.limit ?? -1]
        let sql = runs.joined(separator: "\nUNION ALL\n") + "\nORDER BY accepted_at DESC, job DESC LIMIT ?"
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
        arguments += [filter.limit ?? -1]
        let columns = RowWriter.jobColumns.map { "jobs.\($0)" }.joined(separator: ", ")
        // CROSS JOIN fixes the order of the loops (sqlite.org/optoverview.html, "Manual Control Of Query Plans").
        let sql = """
            SELECT \(columns) FROM labels INDEXED BY labels_by_value CROSS JOIN jobs ON jobs.job = labels.job
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY labels.accepted_at DESC, labels.job DESC LIMIT ?
            """
        self.init(sql: sql, arguments: arguments)
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
        for label in labels {
            let same = "other.job = jobs.job AND other.key = ? AND other.value = ?"
            conditions.append("EXISTS (SELECT 1 FROM labels AS other WHERE \(same))")
            arguments += [label.key, label.value]
        }
    }
}
