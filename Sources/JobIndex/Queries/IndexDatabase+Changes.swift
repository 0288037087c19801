package import Documents
import GRDB
package import Jobs

extension IndexDatabase {
    /// The jobs that may have records since a time: those that have not ended, and those that ended since.
    package func changed(since time: Timestamp) async throws -> [JobSummary] {
        try await read { database in
            let columns = RowWriter.jobColumns.joined(separator: ", ")
            let open = try JobSummary.fetchAll(
                database,
                sql: """
                    SELECT \(columns) FROM jobs INDEXED BY jobs_by_state
                    WHERE state IN ('waiting', 'running', 'deferred', 'held')
                    """,
                arguments: []
            )
            let ended = try JobSummary.fetchAll(
                database,
                sql: "SELECT \(columns) FROM jobs WHERE state IN ('done', 'failed') AND finished_at >= ?",
                arguments: [time.milliseconds]
            )
            return open + ended
        }
    }
}
