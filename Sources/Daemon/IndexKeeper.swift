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
    private let clock: any Clock<Duration>

    /// Opens the index.
    ///
    /// - Throws: `IndexError` when its directory is missing or the file is another program's.
    init(
        path: String,
        spool: SpoolRoot,
        threads: DiskThreads,
        platform: Platform,
        logger: Logger
    ) async throws {
        let wallClock = platform.wallClock
        clock = platform.clock
        let (database, isFresh) = try IndexDatabase.open(path: path, clock: wallClock, logger: logger)
        let (requests, request) = AsyncStream.makeStream(of: Timestamp?.self, bufferingPolicy: .bufferingNewest(1))
        self.requests = requests
        self.logger = logger
        writer = await IndexWriter(database: database, clock: wallClock, logger: logger) { request.yield(nil) }
        rebuild = IndexRebuild(spool: spool, threads: threads, writer: writer)
        if isFresh || writer.needsReconcile { request.yield(isFresh ? nil : database.lastCommitAt) }
    }

    /// How long a stop waits for a comparison that is under way; what is left is compared after the next start.
    private static let stopPatience: Duration = .seconds(10)

    /// Compares index and files whenever the index may lack something.
    func run() async throws {
        for await since in requests.cancelOnGracefulShutdown() {
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
