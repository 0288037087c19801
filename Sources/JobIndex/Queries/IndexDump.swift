import Documents
import GRDB

extension IndexDatabase {
    /// All rows that derive from the job directories, by table, as text in a stable order.
    ///
    /// Two indices of the same files have equal dumps. What the index says about itself is not included.
    package func dump() async throws -> [String: [[String]]] {
        try await read { database in
            try IndexSchema.derivedTables.reduce(into: [:]) { dump, table in
                let rows = try Row.fetchAll(database, sql: "SELECT * FROM \(table.key) ORDER BY \(table.value)")
                dump[table.key] = rows.map { row in row.databaseValues.map(\.description) }
            }
        }
    }
}
