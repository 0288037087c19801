import Engine
import JobIndex
import Jobs
import Logging
import ServiceLifecycle
import Spool
import Synchronization

/// The index beside a running daemon: opened or made anew, compared with the files when it may lack something.
struct IndexKeeper: Service {
    let writer: IndexWriter
    private let rebuild: IndexRebuild
    private let logger: Logger
    /// Since when files and index may differ; nil for ever.
    private let requests: AsyncStream<Timestamp?>
    private let request: AsyncStream<Timestamp?>.Continuation
    private let clock: any Clock<Duration>

    /// How often is looked whether the index has lost something, or could not be compared.
    static let checkInterval: Duration = .seconds(60)
    /// How long a stop waits for a comparison that is under way; what is left is compared after the next start.
    private static let stopPatience: Duration = .seconds(10)

    /// Opens the index.
    ///
    /// - Parameter owner: The spool whose index it is to be; nil for whichever.
    /// - Throws: `IndexError` when it is another spool's, when its directory is missing or the file is another program's.
    init(
        path: String,
        owner: IndexOwner? = nil,
        spool: SpoolRoot,
        threads: DiskThreads,
        clock: WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) async throws {
        let (database, isFresh) = try IndexDatabase.open(path: path, clock: clock, logger: logger)
        do throws(IndexError) {
            if let owner { try database.claim(for: owner) { IndexPlace.isCopied($0, to: owner.path) } }
        } catch {
            database.close()
            throw error
        }
        let (requests, request) = AsyncStream.makeStream(of: Timestamp?.self, bufferingPolicy: .bufferingNewest(1))
        (self.requests, self.request, self.clock, self.logger) = (requests, request, timer, logger)
        writer = await IndexWriter(database: database, clock: clock, logger: logger) { request.yield(nil) }
        rebuild = IndexRebuild(spool: spool, threads: threads, writer: writer) { error in
            logger.warning("\(error); the index does not follow this job")
        }
        if isFresh || writer.needsReconcile { request.yield(isFresh ? nil : database.lastCommitAt) }
    }

    /// Compares index and files whenever the index may lack something.
    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await cancelWhenGracefulShutdown { await askWhenIncomplete() } }
            for await since in requests.cancelOnGracefulShutdown() { await compareInTime(since: since) }
            group.cancelAll()
        }
    }

    /// Updates that had no room are lost without a word, and a comparison may fail.
    private func askWhenIncomplete() async {
        while (try? await clock.sleep(for: Self.checkInterval)) != nil {
            if writer.needsReconcile { request.yield(nil) }
        }
    }

    /// Compares, and is let finish when the daemon stops, within reason.
    private func compareInTime(since: Timestamp?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await compare(since: since) }
            group.addTask {
                try? await gracefulShutdown()
                try? await clock.sleep(for: Self.stopPatience)
            }
            // Either the comparison is done, or it has been given its time.
            await group.next()
            group.cancelAll()
        }
    }

    private func compare(since: Timestamp?) async {
        let losses = writer.losses
        do {
            let count = try await rebuild.run(since: since)
            await writer.reconciled(losses: losses)
            let what = since == nil ? "index rebuilt from" : "index compared with"
            logger.notice("\(what) \(count) jobs", metadata: ["message_id": "\(MessageID.indexRebuilt)"])
        } catch is CancellationError {
            // The next start compares again: the index stays marked.
        } catch {
            logger.error("the index could not be rebuilt: \(error)")
        }
    }

    func close() async { await writer.close() }

    /// Whether the index knows a job of this id; an index that cannot be asked knows none.
    var contains: @Sendable (JobID) -> Bool {
        { [writer] id in (try? writer.database?.contains(job: id.text)) ?? false }
    }
}
