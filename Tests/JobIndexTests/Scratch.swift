import Documents
import FoundationEssentials
import JobIndex
import Jobs
import Logging
import Synchronization
import TestKit
import Testing

/// A test's own directory, removed when the test releases it.
final class Scratch: Sendable {
    let path: String
    var index: String { path + "/index.sqlite" }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/agentspool-index-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

    func copy(_ from: String, to target: String) throws {
        try FileManager.default.copyItem(atPath: from, toPath: target)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

    func read(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }
}

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Counts calls from other threads.
final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }
    func increment() { count.withLock { $0 += 1 } }
}

/// An open index with its writer, as the daemon has it.
struct LiveIndex {
    let scratch: Scratch
    let writer: IndexWriter
    let time = ManualWallClock()
    let fresh = Counter()

    init(_ scratch: Scratch) async throws {
        self.scratch = scratch
        let database = try IndexDatabase.open(path: scratch.index, clock: time.wallClock, logger: silent).database
        let fresh = fresh
        writer = await IndexWriter(database: database, clock: time.wallClock, logger: silent) { fresh.increment() }
    }

    init() async throws { try await self.init(Scratch()) }

    var database: IndexDatabase {
        get throws { try #require(writer.database) }
    }

    /// Marks index and files as compared.
    func reconcile() async { await writer.reconciled(losses: writer.losses) }
}
