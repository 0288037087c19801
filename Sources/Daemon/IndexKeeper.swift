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
    private let requests: AsyncStream<Void>

    /// Opens the index.
    ///
    /// - Throws: `IndexError` when its directory is missing or the file is another program's.
    init(path: String, spool: SpoolRoot, threads: DiskThreads, clock: WallClock, logger: Logger) async throws {
        let (database, isFresh) = try IndexDatabase.open(path: path, clock: clock, logger: logger)
        let (requests, request) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.requests = requests
        self.logger = logger
        writer = await IndexWriter(database: database, clock: clock, logger: logger) { request.yield() }
        rebuild = IndexRebuild(spool: spool, threads: threads, writer: writer)
        if isFresh || writer.needsReconcile { request.yield() }
    }

    /// Compares index and files whenever the index may lack something.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in requests { await compare() }
        }
    }

    private func compare() async {
        let losses = writer.losses
        do {
            let count = try await rebuild.run()
            await writer.reconciled(losses: losses)
            logger.notice("index rebuilt from \(count) jobs", metadata: ["event": "index.rebuilt"])
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
