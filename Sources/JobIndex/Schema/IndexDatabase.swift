import Dispatch
package import Documents
import GRDB
import Jobs
package import Logging

/// An open index: SQLite with what `list`, `status` and `show` need, derived from the job directories.
///
/// The queries are in extensions. Writing goes through ``IndexWriter``.
package struct IndexDatabase: Sendable {
    package let path: String
    /// Whether the last writer closed the index cleanly, so that it was complete when it was opened.
    package let wasClosedCleanly: Bool
    /// The last time at which the index was known to be complete, as of opening; nil when it never was.
    ///
    /// After an unclean end it is enough to compare what has changed since the day before this time, and all jobs that
    /// have not ended.
    package let lastCommitAt: Timestamp?

    let reader: any DatabaseReader
    /// Nil when the index was opened for reading only.
    let pool: DatabasePool?
    /// The daemon's connection for ``contains(job:)`` only: every drop with an id waits for the answer, and a pool
    /// first looks for a connection, begins a transaction and compares the schema.
    let lookup: DatabaseQueue?
    /// Which file was opened, to notice when another one has taken its place.
    let identity: IndexFiles.Identity?

    var files: IndexFiles { IndexFiles(path: path) }

    /// Whether the path still leads to the file that was opened.
    var isInPlace: Bool {
        guard let identity, let current = files.identity else { return false }
        return identity.isSameFile(as: current)
    }

    /// Whether another part of the program closes the connections.
    private(set) var isBorrowed = false

    /// The same index for a reader that must not close it.
    package var borrowed: IndexDatabase {
        var copy = self
        copy.isBorrowed = true
        return copy
    }

    /// Closes the connections; queries throw from then on.
    package func close() {
        if isBorrowed { return }
        // Readers first: the last connection checkpoints the log and removes it only if it may write.
        try? lookup?.close()
        pool?.invalidateReadOnlyConnections()
        try? reader.close()
    }
}

// MARK: Opening for the daemon

extension IndexDatabase {
    /// In bytes. A database up to this size is checked when it is opened, which takes some 20 ms.
    private static let checkedSizeMax: Int64 = 16 << 20
    /// How long a connection waits for another process that writes, in seconds.
    static let busyTimeout = 5.0
    /// GRDB's default is higher, and libdispatch reports on standard error that only root may have it.
    private static let ordinaryPriority = DispatchQoS.default
    /// The size to which the write-ahead log is cut back after a checkpoint, in bytes.
    private static let logSizeMax = 64 << 20
    /// The size of the log at which a checkpoint begins, in pages of 4 KiB; each checkpoint costs two flushes.
    private static let checkpointPages = 4_096
    /// The cache of each connection, in KiB.
    private static let cacheSize = 16_384

    /// Opens the index for reading and writing; makes a new one when there is none, or none that can be used.
    ///
    /// An unusable file (damaged, of another version) is renamed to
    /// `<path>.unusable-<time>`; only the newest of these is kept.
    ///
    /// - Returns: the index, and whether it is new and must be filled from the job directories.
    /// - Throws: ``IndexError`` when the directory is missing, the file is another program's, or the file system
    ///   refuses.
    package static func open(
        path: String,
        clock: WallClock,
        logger: Logger
    ) throws(IndexError) -> (database: IndexDatabase, isFresh: Bool) {
        let files = IndexFiles(path: path)
        guard files.directoryExists else { throw .directoryMissing(path: path) }
        do {
            return try openInPlace(files)
        } catch {
            guard case .unusable(_, let reason) = error else { throw error }
            let target = try files.setAside(at: clock.now)
            logger.warning("the index \(path) is unusable (\(reason)): it is kept as \(target), and a new one is made")
            return try openInPlace(files)
        }
    }

    private static func openInPlace(
        _ files: IndexFiles
    ) throws(IndexError) -> (database: IndexDatabase, isFresh: Bool) {
        var isFresh = true
        var isChecked = true
        if let identity = files.identity {
            switch try header(of: files, identity) {
            case .empty: break
            case .ours:
                isFresh = false
                isChecked = identity.size > checkedSizeMax
            case .foreign: throw .foreign(path: files.path)
            case .noDatabase: throw .unusable(path: files.path, reason: "it is no SQLite database")
            }
        } else {
            files.removeOrphans()
        }
        var opened: DatabasePool?
        do {
            let pool = try DatabasePool(path: files.path, configuration: configuration)
            opened = pool
            let isClean = try pool.writeWithoutTransaction { database in
                if !isChecked { try check(database, files) }
                // A file that lost its log may have our header and yet no tables.
                guard try content(of: database, files) == .empty else { return !isFresh }
                try IndexSchema.create(in: database)
                return false
            }
            isFresh = !isClean
            let (wasClosedCleanly, lastCommitAt) = try pool.writeWithoutTransaction { database in
                // After this the header alone shows that the file is ours.
                if isFresh { try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                return (try IndexMeta.isClean(database), try IndexMeta.lastCommitAt(database))
            }
            let database = IndexDatabase(
                path: files.path,
                wasClosedCleanly: wasClosedCleanly,
                lastCommitAt: lastCommitAt,
                reader: pool,
                pool: pool,
                lookup: try DatabaseQueue(path: files.path, configuration: readingConfiguration),
                identity: files.identity
            )
            return (database, isFresh)
        } catch {
            try? opened?.close()
            throw IndexError(error, path: files.path) ?? .unusable(path: files.path, reason: "\(error)")
        }
    }

    private static func header(
        of files: IndexFiles,
        _ identity: IndexFiles.Identity
    ) throws(IndexError) -> IndexHeader {
        guard identity.isRegular else { throw .inaccessible(path: files.path, reason: "it is no regular file") }
        return IndexHeader(try files.header(), fileSize: identity.size)
    }

    /// - Throws: ``IndexError/unusable`` for a database of another version.
    private static func content(of database: Database, _ files: IndexFiles) throws -> IndexSchema.Content {
        let content = try IndexSchema.content(of: database)
        switch content {
        case .empty, .current: return content
        case .older:
            throw IndexError.unusable(path: files.path, reason: "an older version of the program made it")
        case .newer:
            throw IndexError.unusable(path: files.path, reason: "a newer version of the program made it")
        }
    }

    private static func check(_ database: Database, _ files: IndexFiles) throws {
        let finding = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "no answer"
        if finding != "ok" { throw IndexError.unusable(path: files.path, reason: finding) }
    }

    private static var configuration: GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "agentspool.index"
        configuration.qos = ordinaryPriority
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busyTimeout)
        configuration.prepareDatabase { database in
            // A statement's rollback data stays in memory: in files in /var/tmp it costs eight writes per job.
            try database.execute(
                sql: """
                    PRAGMA journal_size_limit = \(logSizeMax);
                    PRAGMA wal_autocheckpoint = \(checkpointPages);
                    PRAGMA cache_size = -\(cacheSize);
                    PRAGMA temp_store = MEMORY;
                    """
            )
        }
        return configuration
    }
}

// MARK: Opening for the command line

extension IndexDatabase {
    /// Opens the index for reading only, beside a daemon that writes or without one.
    ///
    /// - Throws: ``IndexError``, whose text says what to do.
    package static func openReadOnly(path: String) throws(IndexError) -> IndexDatabase {
        let files = IndexFiles(path: path)
        guard let identity = files.identity else { throw .missing(path: path) }
        switch try header(of: files, identity) {
        case .ours: break
        case .empty: throw .missing(path: path)
        case .foreign: throw .foreign(path: path)
        case .noDatabase: throw .unusable(path: path, reason: "it is no SQLite database")
        }
        do {
            return try openReadOnly(files, location: path)
        } catch {
            // SQLite makes the log and its shared memory even for reading. A user without write access to the directory
            // can still read a database without a log: it is complete.
            guard case .inaccessible = error, !files.hasWriteAheadLog else { throw error }
            return try openReadOnly(files, location: files.immutableLocation)
        }
    }

    private static var readingConfiguration: GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.label = "agentspool.index.reading"
        configuration.qos = ordinaryPriority
        configuration.readonly = true
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(busyTimeout)
        return configuration
    }

    private static func openReadOnly(_ files: IndexFiles, location: String) throws(IndexError) -> IndexDatabase {
        do {
            let queue = try DatabaseQueue(path: location, configuration: readingConfiguration)
            let (wasClosedCleanly, lastCommitAt) = try queue.read { database in
                if try content(of: database, files) == .empty { throw IndexError.missing(path: files.path) }
                return (try IndexMeta.isClean(database), try IndexMeta.lastCommitAt(database))
            }
            return IndexDatabase(
                path: files.path,
                wasClosedCleanly: wasClosedCleanly,
                lastCommitAt: lastCommitAt,
                reader: queue,
                pool: nil,
                lookup: nil,
                identity: files.identity
            )
        } catch {
            throw IndexError(error, path: files.path) ?? .unusable(path: files.path, reason: "\(error)")
        }
    }
}
