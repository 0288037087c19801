import Documents
import GRDB
import GRDBSQLite

/// Binds a row's values one after another to a prepared statement, without a box around each of them.
///
/// GRDB's own arguments cost as much as SQLite's work with them.
struct RowBinding {
    private let statement: Statement
    private var position: Int32 = 0
    private var code = SQLITE_OK

    init(_ statement: Statement) {
        self.statement = statement
        // No value may be bound to an executed statement before this (sqlite3_bind_text(3)).
        sqlite3_reset(statement.sqliteStatement)
    }

    /// A statement whose values are all bound here; otherwise GRDB would demand them.
    static func prepared(_ sql: String, _ database: Database) throws -> Statement {
        let statement = try database.cachedStatement(sql: sql)
        statement.setUncheckedArguments([])
        return statement
    }

    mutating func bind(_ value: String?) {
        position += 1
        guard var value else { return note(sqlite3_bind_null(statement.sqliteStatement, position)) }
        let (target, place) = (statement.sqliteStatement, position)
        let code = value.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                // An empty text may have no address, which would mean NULL.
                guard let start = text.baseAddress else { return sqlite3_bind_text(target, place, "", 0, Self.copied) }
                return sqlite3_bind_text(target, place, start, Int32(text.count), Self.copied)
            }
        }
        note(code)
    }

    mutating func bind(_ value: Int64?) {
        position += 1
        guard let value else { return note(sqlite3_bind_null(statement.sqliteStatement, position)) }
        note(sqlite3_bind_int64(statement.sqliteStatement, position, value))
    }

    mutating func bind(_ value: Int) { bind(Int64(value)) }

    mutating func bind(_ value: Double) {
        position += 1
        note(sqlite3_bind_double(statement.sqliteStatement, position, value))
    }

    /// - Throws: `DatabaseError`.
    func execute() throws {
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        try statement.execute()
    }

    private mutating func note(_ result: Int32) { if code == SQLITE_OK { code = result } }

    /// SQLITE_TRANSIENT, a macro that Swift does not see: SQLite copies what is bound.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
