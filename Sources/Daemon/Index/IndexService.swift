import Documents
import Engine
import JobIndex
import Jobs
import Logging
import ServiceLifecycle
import Spool
import Synchronization
import Threads

/// The index of a running daemon: opens or makes it, and compares it with the files when it may be incomplete.
struct IndexService: Service {
    let writer: IndexWriter
    private let rebuild: IndexRebuild
    private let logger: Logger
    /// Requests to compare, each with the time since when files and index may differ; nil for all time.
    private let requests: AsyncStream<Timestamp?>
    private let request: AsyncStream<Timestamp?>.Continuation
    private let clock: any Clock<Duration>

    /// How often it checks whether the index has lost something or could not be compared.
    static let checkInterval: Duration = .seconds(60)
    /// How long a stop waits for a running comparison; the next start compares again.
    private static let stopPatience: Duration = .seconds(10)

    /// Opens the index.
    ///
    /// - Parameter owner: The spool that the index must belong to; nil for any.
    /// - Throws: `IndexError` when it belongs to another spool, its directory is missing or the file is another
    ///   program's.
    init(
        path: String,
        owner: IndexOwner? = nil,
        spool: SpoolRoot,
        threads: WorkerThreads,
        clock: WallClock,
        timer: any Clock<Duration>,
        logger: Logger
    ) async throws {
        let (database, isFresh) = try IndexDatabase.open(path: path, clock: clock, logger: logger)
        do throws(IndexError) {
            if let owner { try database.claim(for: owner) { IndexLocation.isCopied($0, to: owner.path) } }
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

    /// Asks for a comparison while the index is incomplete: a full buffer drops updates silently, and a comparison may
    /// fail.
    private func askWhenIncomplete() async {
        while (try? await clock.sleep(for: Self.checkInterval)) != nil {
            if writer.needsReconcile { request.yield(nil) }
        }
    }

    /// Compares; when the daemon stops, it may still finish within ``stopPatience``.
    private func compareInTime(since: Timestamp?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await compare(since: since) }
            group.addTask {
                try? await gracefulShutdown()
                try? await clock.sleep(for: Self.stopPatience)
            }
            // The comparison is done, or its time is over.
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

    /// Whether the index has a job with this id; false when the index cannot be read.
    var contains: @Sendable (JobID) -> Bool {
        { [writer] id in (try? writer.database?.contains(job: id.text)) ?? false }
    }
}
