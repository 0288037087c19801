import ArgumentParser
import Daemon
import Documents
import Engine
import JobIndex
import Jobs
import Logging
import Spool
import Threads

struct ReindexCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex",
        abstract: "Make the index again from the job directories, which are the truth."
    )

    @OptionGroup var options: SpoolOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let count = try await Self.rebuild(options)
        if json { return Terminal.print(["jobs": .int(Int64(count)), "index": .string(options.indexPath)]) }
        Terminal.print("\(options.indexPath) holds \(count) jobs.")
    }

    /// Opens the index, or makes one, and fills it from the files.
    ///
    /// - Returns: The number of its rows.
    static func rebuild(_ options: SpoolOptions) async throws -> Int {
        let spool = try options.open()
        let logger = Logger(label: "agentspool") { _ in SwiftLogNoOpLogHandler() }
        try IndexLocation.prepare(options.indexPath, spool: options.path)
        let (database, _) = try IndexDatabase.open(path: options.indexPath, clock: .system, logger: logger)
        if let owner = options.owner { try database.claim(for: owner) { IndexLocation.isCopied($0, to: owner.path) } }
        let writer = await IndexWriter(database: database, clock: .system, logger: logger) {}
        let result: Result<Int, any Error>
        do {
            let losses = writer.losses
            let rebuild = IndexRebuild(spool: spool, threads: ProcessThreads.disk, writer: writer) { error in
                Terminal.remark("\(error); it has no row, or an old one.")
            }
            let count = try await rebuild.run()
            await writer.reconciled(losses: losses)
            result = .success(count)
        } catch {
            result = .failure(error)
        }
        await writer.close()
        return try result.get()
    }
}
