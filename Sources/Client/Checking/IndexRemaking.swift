import Daemon
package import Documents
import Engine
import JobIndex
import Jobs
import Logging
package import Spool
import Threads

/// Makes the index again from the job directories, which are the truth.
package struct IndexRemaking: Sendable {
    /// The index that was made.
    package struct Made: Sendable {
        package let path: String
        /// The number of its rows.
        package let jobs: Int

        package var json: JSON { ["jobs": .int(Int64(jobs)), "index": .string(path)] }
    }

    private let client: SpoolClient

    package init(_ client: SpoolClient) { self.client = client }

    /// Opens the index, or makes one, and fills it from the files.
    ///
    /// - Parameter onUnreadable: Called for each job that cannot be read, and so has no row or an old one.
    /// - Throws: `SpoolError`, `IndexError`.
    package func run(onUnreadable: @escaping @Sendable (SpoolError) -> Void) async throws -> Made {
        let (spool, path, clock) = (client.spool, client.indexPath, client.wallClock)
        let logger = Logger(label: "agentspool") { _ in SwiftLogNoOpLogHandler() }
        try IndexLocation.prepare(path, spool: spool.path)
        let (database, _) = try IndexDatabase.open(path: path, clock: clock, logger: logger)
        if let owner = client.owner { try database.claim(for: owner) { IndexLocation.isCopied($0, to: owner.path) } }
        let writer = await IndexWriter(database: database, clock: clock, logger: logger) {}
        let result: Result<Made, any Error>
        do {
            let losses = writer.losses
            let rebuild = IndexRebuild(
                spool: spool,
                threads: ProcessThreads.disk,
                writer: writer,
                onUnreadable: onUnreadable
            )
            let count = try await rebuild.run()
            await writer.reconciled(losses: losses)
            result = .success(Made(path: path, jobs: count))
        } catch {
            result = .failure(error)
        }
        await writer.close()
        return try result.get()
    }
}
