import Dispatch
import GRDB
package import Jobs
package import Logging
import Synchronization

/// Writes the index behind the daemon's back: nobody waits for it, and its trouble is nobody else's.
///
/// Updates gather for a moment and go into the database in one transaction, on the writer's own queue and never on
/// the threads of Swift's tasks. What cannot be written now is kept and tried again; what is lost is noted, so that the
/// daemon compares index and files (``losses``). When the database is damaged, deleted or replaced under it, a new one
/// is made and the daemon is asked to fill it.
///
/// Idle costs nothing. A deleted file is noticed with the next update or the next ``flush()``.
package final class IndexWriter: Sendable {
    /// Updates in one transaction at most.
    static let batchMax = 4_000
    /// How long updates gather before they are written.
    private static let gatheringTime = DispatchTimeInterval.milliseconds(50)
    /// The same while many come: all that a job does in this time costs its row and its indices once.
    private static let busyGatheringTime = DispatchTimeInterval.milliseconds(200)
    /// So many updates at once are many.
    private static let busyMin = 20
    /// How long to wait before what failed is tried again.
    private static let retryDelay = DispatchTimeInterval.seconds(1)
    /// After so many damaged databases the disk is to blame, and the index rests until the daemon's next start.
    private static let replacementsMax = 8

    private struct Connection {
        /// Nil while none can be opened.
        var database: IndexDatabase?
        /// Whether the database says that it is being written to.
        var isMarked = false
        var replacements = 0
        /// Whether the last try failed; said once, not with every try.
        var isFailing = false
        var isClosed = false
    }

    private let path: String
    private let clock: WallClock
    private let logger: Logger
    private let onFresh: @Sendable () -> Void
    private let queue = DispatchQueue(label: "agentspool.index.writer")
    private let buffer = Mutex(UpdateBuffer())
    /// Changed on `queue` only; the lock is for those who look from elsewhere, and is never held while writing.
    private let connection: Mutex<Connection>

    /// Begins to write to `database`, which says from now on that it is being written to.
    ///
    /// When `database` was fresh, or not closed cleanly, ``needsReconcile`` is true from the start.
    ///
    /// - Parameter onFresh: called when another database has taken this one's place and must be filled from the files;
    ///   on the writer's thread, so it must return at once.
    package init(
        database: IndexDatabase,
        clock: WallClock,
        logger: Logger,
        onFresh: @escaping @Sendable () -> Void
    ) async {
        path = database.path
        (self.clock, self.logger, self.onFresh) = (clock, logger, onFresh)
        connection = Mutex(Connection(database: database))
        if !database.wasClosedCleanly { buffer.withLock { $0.lose() } }
        await onQueue {
            do throws(IndexError) {
                _ = try self.usableDatabase()
            } catch {
                self.note(error)
            }
        }
    }

    /// The database that is written to now; nil while there is none. To be asked for anew with every query: when it is
    /// replaced, the old one is closed.
    package var database: IndexDatabase? { connection.withLock { $0.database } }

    // MARK: Giving updates

    /// Takes an update in. Never blocks and never fails.
    package func record(_ update: IndexUpdate) {
        enum Wake {
            case none, now
            case later(DispatchTimeInterval)
        }
        let wake = buffer.withLock { buffer -> Wake in
            if buffer.isClosed { return .none }
            buffer.append(update)
            if buffer.entries.count >= Self.batchMax, !buffer.isBatchRequested {
                buffer.isBatchRequested = true
                return .now
            }
            if buffer.isTimerSet { return .none }
            buffer.isTimerSet = true
            return .later(buffer.lastTaken >= Self.busyMin ? Self.busyGatheringTime : Self.gatheringTime)
        }
        switch wake {
        case .none: break
        case .later(let delay): startTimer(after: delay)
        case .now: queue.async { self.drainUnlessFailing() }
        }
    }

    /// Writes updates and returns when they are committed: the way of a rebuild, which must not run ahead.
    ///
    /// Best with some hundred updates at a time.
    ///
    /// - Throws: ``IndexError`` when they could not be written; they are kept and tried again.
    package func write(_ updates: [IndexUpdate]) async throws(IndexError) {
        buffer.withLock { if !$0.isClosed { $0.appendAwaited(updates) } }
        try await flush()
    }

    /// Waits until all that was recorded before is committed. Notices, too, when the file is not the same any more.
    ///
    /// - Throws: ``IndexError`` when it could not be written; it is kept and tried again.
    package func flush() async throws(IndexError) {
        try await onQueue { self.drainNoting() }.get()
    }

    /// Writes what is left, marks the index as whole when nothing is missing, and closes it. What is recorded
    /// afterwards is not written.
    package func close() async {
        buffer.withLock { $0.isClosed = true }
        await onQueue { self.finish() }
    }

    // MARK: Being whole

    /// How often the index lost something that only the files can bring back: updates without room, a database that was
    /// replaced, an end that was not clean.
    package var losses: Int { buffer.withLock { $0.losses } }

    /// Whether index and files must be compared.
    package var needsReconcile: Bool { buffer.withLock { $0.needsReconcile } }

    /// Notes that something happened of which the index may not have been told: index and files are to be compared.
    package func noteLoss() { buffer.withLock { $0.lose() } }

    /// Notes that index and files were compared and the differences written.
    ///
    /// - Parameter losses: ``losses`` as read before the comparison began; what was lost since still counts.
    package func reconciled(losses: Int) async {
        buffer.withLock { $0.reconciled(losses: losses) }
        await onQueue { _ = self.drainNoting(isTimeWorthWriting: true) }
    }

    // MARK: On the queue

    private func onQueue<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    private func startTimer(after delay: DispatchTimeInterval) {
        queue.asyncAfter(deadline: .now() + delay) {
            self.buffer.withLock { $0.isTimerSet = false }
            _ = self.drainNoting()
        }
    }

    /// While writing fails, only the timer and those who wait try again: not every batch.
    private func drainUnlessFailing() {
        if !connection.withLock({ $0.isFailing }) { _ = drainNoting() }
    }

    /// Writes all that is here; after a failure sets the timer for the next try.
    private func drainNoting(isTimeWorthWriting: Bool = false) -> Swift.Result<Void, IndexError> {
        buffer.withLock { $0.isBatchRequested = false }
        if connection.withLock({ $0.isClosed }) { return .failure(.inaccessible(path: path, reason: "it is closed")) }
        do throws(IndexError) {
            let written = try drain(isTimeWorthWriting: isTimeWorthWriting)
            if written { noteSuccess() }
            reportLosses()
            return .success(())
        } catch {
            note(error)
            reportLosses()
            let mustSetTimer = buffer.withLock { buffer in
                defer { buffer.isTimerSet = true }
                return !buffer.isTimerSet && !buffer.isClosed
            }
            if mustSetTimer { startTimer(after: Self.retryDelay) }
            return .failure(error)
        }
    }

    /// - Returns: whether anything had to be written.
    private func drain(isTimeWorthWriting: Bool) throws(IndexError) -> Bool {
        // The time is read first: all that was recorded before it is written now or was before.
        let now = clock.now
        let (entries, isWhole) = buffer.withLock { ($0.takeAll(), !$0.needsReconcile) }
        var rest = entries[...]
        do throws(IndexError) {
            var database = try usableDatabase()
            while !rest.isEmpty {
                let batch = rest.prefix(Self.batchMax)
                let isLast = batch.count == rest.count
                do throws(IndexError) {
                    let isWholeNow = isWhole && isLast && !needsReconcile
                    try write(batch, wholeAt: isWholeNow ? now : nil, to: database)
                } catch let error where error.isUnusable {
                    try replace(database, because: error)
                    database = try usableDatabase()
                    continue
                }
                rest = rest.dropFirst(batch.count)
                buffer.withLock { $0.release(batch) }
            }
            if entries.isEmpty, isWhole, isTimeWorthWriting { try write([], wholeAt: now, to: database) }
            return !entries.isEmpty
        } catch {
            buffer.withLock { $0.putBack(rest) }
            if case .readOnly = error { letGo() }
            throw error
        }
    }

    private func write(
        _ batch: ArraySlice<UpdateBuffer.Entry>,
        wholeAt time: Timestamp?,
        to database: IndexDatabase
    ) throws(IndexError) {
        guard let pool = database.pool else { throw .inaccessible(path: path, reason: "it is open for reading only") }
        do {
            try pool.write { connection in
                var rows = try RowWriter(connection)
                try rows.write(batch.lazy.map(\.update))
                if let time { try IndexMeta.setLastCommitAt(time, in: connection) }
            }
            database.files.startWritingLog()
        } catch {
            if let error = IndexError(error, path: path) { throw error }
            // The rows themselves are refused, which a second try would not change.
            buffer.withLock { $0.lose() }
            logger.error("\(batch.count) updates of the index were refused, and it is incomplete: \(error)")
        }
    }

    // MARK: The database

    /// The database, after a look at whether it is still there; a new one when it is not.
    private func usableDatabase() throws(IndexError) -> IndexDatabase {
        let (current, isMarked) = connection.withLock { ($0.database, $0.isMarked) }
        if let current, current.isInPlace, current.pool != nil {
            if !isMarked { try markAsWritten(current) }
            return current
        }
        if let current, current.pool != nil {
            logger.warning("the index \(path) was deleted or replaced; it is made anew from the job directories")
            current.close()
        }
        if connection.withLock({ $0.replacements > Self.replacementsMax }) {
            throw .inaccessible(path: path, reason: "it was damaged \(Self.replacementsMax) times; check the disk")
        }
        connection.withLock { ($0.database, $0.isMarked) = (nil, false) }
        let opened = try IndexDatabase.open(path: path, clock: clock, logger: logger).database
        connection.withLock { $0.database = opened }
        buffer.withLock { $0.lose() }
        try markAsWritten(opened)
        onFresh()
        return opened
    }

    /// Says in the database that it is being written to. This must survive a power cut, or the next start would believe
    /// an index that lacks what came later.
    private func markAsWritten(_ database: IndexDatabase) throws(IndexError) {
        do {
            try database.pool?.writeWithoutTransaction { connection in
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                defer { try? connection.execute(sql: "PRAGMA synchronous = NORMAL") }
                try connection.inTransaction {
                    try IndexMeta.setClean(false, in: connection)
                    return .commit
                }
            }
        } catch {
            let error = IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
            if error.isUnusable { try replace(database, because: error) }
            throw error.isUnusable ? .inaccessible(path: path, reason: "it was damaged") : error
        }
        connection.withLock { $0.isMarked = true }
    }

    /// Closes the connection; the next try opens another one.
    private func letGo() {
        let database = connection.withLock { connection in
            defer { (connection.database, connection.isMarked) = (nil, false) }
            return connection.database
        }
        database?.close()
    }

    /// Sets a damaged database aside.
    private func replace(_ database: IndexDatabase, because error: IndexError) throws(IndexError) {
        connection.withLock {
            $0.database = nil
            $0.isMarked = false
            $0.replacements += 1
        }
        buffer.withLock { $0.lose() }
        database.close()
        let target = try database.files.setAside(at: clock.now)
        logger.warning("\(error); it is kept as \(target), and a new one is made from the job directories")
    }

    private func finish() {
        let isDrained = if case .success = drainNoting() { true } else { false }
        let isWhole = isDrained && !needsReconcile
        let database = connection.withLock { connection in
            defer { (connection.database, connection.isClosed) = (nil, true) }
            return connection.database
        }
        guard let database else { return }
        if isWhole, database.isInPlace {
            do {
                let now = clock.now
                try database.pool?.write { connection in
                    try IndexMeta.setLastCommitAt(now, in: connection)
                    try IndexMeta.setClean(true, in: connection)
                }
            } catch {
                logger.warning("the index \(path) could not be closed in order: \(error)")
            }
        }
        database.close()
    }

    // MARK: Telling

    private func note(_ error: IndexError) {
        let isNews = connection.withLock { connection in
            defer { connection.isFailing = true }
            return !connection.isFailing
        }
        if isNews { logger.error("the index is not being written, and jobs run on: \(error)") }
    }

    private func noteSuccess() {
        let wasFailing = connection.withLock { connection in
            defer { connection.isFailing = false }
            return connection.isFailing
        }
        if wasFailing { logger.notice("the index \(path) is being written again") }
    }

    private func reportLosses() {
        let count = buffer.withLock { $0.takeUnreportedLosses() }
        if count > 0 { logger.warning("\(count) updates of the index had no room, and it is incomplete") }
    }
}
