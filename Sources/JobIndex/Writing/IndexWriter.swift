import Dispatch
package import Documents
import GRDB
import Jobs
package import Logging
import Synchronization

/// Writes the index in the background: no job waits for it, and its failures affect no job.
///
/// Updates gather for a moment and go into the database in one transaction, on the writer's own queue and never on the
/// threads of Swift's tasks. The writer keeps and retries what it cannot write now, and counts what is lost, so that
/// the daemon compares index and files (``losses``). When the database is damaged, deleted or replaced under it, the
/// writer makes a new one and asks the daemon to fill it.
///
/// An idle writer does no work: it notices a deleted file with the next update or the next ``flush()``.
package final class IndexWriter: Sendable {
    /// The most updates in one transaction.
    static let batchMax = 4_000
    /// How long updates gather before they are written.
    private static let gatheringTime = DispatchTimeInterval.milliseconds(50)
    /// The same while many come: a job's row and its indices are then written once for all its changes in this time.
    private static let busyGatheringTime = DispatchTimeInterval.milliseconds(200)
    /// From this number of updates in the last batch on, many come.
    private static let busyMin = 20
    /// How long to wait before a retry.
    private static let retryDelay = DispatchTimeInterval.seconds(1)
    /// After more damaged databases than this the disk is the likely cause, and the writer makes no more.
    private static let replacementsMax = 8

    private let path: String
    private let clock: WallClock
    private let logger: Logger
    private let onFresh: @Sendable () -> Void
    private let queue = DispatchQueue(label: "agentspool.index.writer")
    private let buffer = Mutex(UpdateBuffer())
    /// Changed on `queue` only; the lock serves readers on other threads, and is never held while writing.
    private let connection: Mutex<IndexConnection>

    /// Begins to write to `database`, and marks it as being written to.
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
        connection = Mutex(IndexConnection(database: database))
        if !database.wasClosedCleanly { buffer.withLock { $0.lose() } }
        await onQueue {
            do throws(IndexError) {
                _ = try self.usableDatabase()
            } catch {
                self.note(error)
            }
        }
    }

    /// The current database; nil while there is none.
    ///
    /// Callers read this again for every query: when the database is replaced, the old one is closed.
    package var database: IndexDatabase? { connection.withLock { $0.database } }

    // MARK: Updates

    /// Records an update; never blocks and never fails.
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

    /// Writes updates and returns when they are committed, so that a rebuild does not run ahead.
    ///
    /// Best with some hundred updates at a time.
    ///
    /// - Throws: ``IndexError`` when they could not be written; they are kept and tried again.
    package func write(_ updates: [IndexUpdate]) async throws(IndexError) {
        buffer.withLock { if !$0.isClosed { $0.appendAwaited(updates) } }
        try await flush()
    }

    /// Waits until all earlier updates are committed; also notices when the file is not the same any more.
    ///
    /// - Throws: ``IndexError`` when they could not be written; they are kept and tried again.
    package func flush() async throws(IndexError) {
        try await onQueue { self.drainNoting() }.get()
    }

    /// Writes the remaining updates, marks the index as complete when nothing is missing, and closes it; later updates
    /// are not written.
    package func close() async {
        buffer.withLock { $0.isClosed = true }
        await onQueue { self.finish() }
    }

    // MARK: Completeness

    /// How often the index lost something that only the files can bring back: updates without room, a replaced
    /// database, an unclean end.
    package var losses: Int { buffer.withLock { $0.losses } }

    /// Whether index and files must be compared.
    package var needsReconcile: Bool { buffer.withLock { $0.needsReconcile } }

    /// Notes that the index may have missed a change, so that index and files are compared.
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

    /// While writing fails, only the timer and waiting callers try again, not every batch.
    private func drainUnlessFailing() {
        if !connection.withLock({ $0.isFailing }) { _ = drainNoting() }
    }

    /// Writes all buffered updates; after a failure it sets the timer for the next try.
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
        // The time is read first: every update before it is written by this drain or an earlier one.
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
            // SQLite refuses the rows themselves, and a retry would not change that.
            buffer.withLock { $0.lose() }
            logger.error("\(batch.count) updates of the index were refused, and it is incomplete: \(error)")
        }
    }

    // MARK: The database

    /// Returns the current database when its file is still in place; else opens a new one.
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

    /// Marks the database as being written to. The mark must survive a power cut: else the next start would trust an
    /// index that lacks what came later.
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

    // MARK: Logging

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
