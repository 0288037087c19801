import Documents
import GRDB
import Jobs

/// What the index says about itself: its owner, whether its last writer closed it cleanly, and when it was complete.
enum IndexMeta {
    private static let clean = "clean"
    private static let lastCommitAt = "last_commit_at"
    private static let ownerID = "spool"
    private static let ownerPath = "spool_path"

    static func isClean(_ database: Database) throws -> Bool { try value(clean, in: database) == "1" }

    static func lastCommitAt(_ database: Database) throws -> Timestamp? {
        try value(lastCommitAt, in: database).flatMap(Int64.init).map(Timestamp.init(milliseconds:))
    }

    static func setClean(_ isClean: Bool, in database: Database) throws {
        try set(clean, isClean ? "1" : "0", in: database)
    }

    static func setLastCommitAt(_ time: Timestamp, in database: Database) throws {
        try set(lastCommitAt, String(time.milliseconds), in: database)
    }

    /// Makes the index count as incomplete, so that all of it is compared with the files; the owner stays.
    static func forget(_ database: Database) throws {
        try database.execute(sql: "DELETE FROM meta WHERE key NOT IN (?, ?)", arguments: [ownerID, ownerPath])
    }

    static func owner(_ database: Database) throws -> IndexOwner? {
        guard let id = try value(ownerID, in: database), let path = try value(ownerPath, in: database) else {
            return nil
        }
        return IndexOwner(id: id, path: path)
    }

    static func setOwner(_ owner: IndexOwner, in database: Database) throws {
        try set(ownerID, owner.id, in: database)
        try set(ownerPath, owner.path, in: database)
    }

    private static func value(_ key: String, in database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }

    private static func set(_ key: String, _ value: String, in database: Database) throws {
        let sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        try database.cachedStatement(sql: sql).execute(arguments: [key, value])
    }
}
