import Documents
import Glibc
import JobIndex
import Jobs
import Logging
import Spool
import TestKit
import Testing
import Threads

@testable import Daemon

/// What was logged.
private struct Messages: LogHandler {
    let messages = Watched<[String]>([])
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { messages.update { $0.append("\(event.message)") } }

    func when(_ text: String) async { await messages.wait { $0.contains { $0.contains(text) } } }
}

/// A spool with one job that has ended, and what an index keeper needs.
private struct Bench {
    let path: String
    let spool: SpoolRoot
    let threads: WorkerThreads
    let clock = ManualClock()
    let messages = Messages()
    var index: String { "\(path)/index.sqlite" }

    private static let diskThreads = WorkerThreads(count: 4)

    static func with(_ body: (Bench) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in
            try SpoolRoot.create(path: path, queues: ["default"], fileSystem: LinuxFileSystem())
            let spool = try SpoolRoot(path: path, fileSystem: LinuxFileSystem())
            let bench = Bench(path: path, spool: spool, threads: Self.diskThreads)
            try await bench.makeJob("a.txt")
            try await body(bench)
        }
    }

    func makeJob(_ name: String) async throws {
        let node = SpoolNode(
            spool: spool,
            node: "here",
            durability: Durability(fileSystem: spool.fileSystem, root: spool.root, threads: threads, mode: .off),
            threads: threads,
            clock: clock.wallClock,
            identifiers: JobIDGenerator(clock: clock.wallClock, random: { UInt64.random(in: 0 ... .max) })
        )
        try await node.prepare(queues: ["default"])
        try write("x", to: "\(path)/inbox/default/\(name)")
        let isTaken: @Sendable (JobID) -> Bool = { _ in false }
        let rules = DropRules(sizeMax: 100, quiet: StabilityTimes(untold: .zero), isTaken: isTaken) {
            contents throws(Rejection) in
            Acceptance(
                name: contents.name,
                file: "job.txt",
                kind: .file,
                size: contents.size,
                sha256: contents.sha256,
                ownerUID: contents.ownerUID,
                owner: "me",
                queue: "default",
                workflow: "w",
                definition: [:]
            )
        }
        let outcome = try await node.accept(Drop(queue: "default", name: Array(name.utf8)), rules, look: nil)
        guard case .accepted(let job, _) = outcome else { return }
        _ = try await node.commit(.complete(output: 1), on: job)
    }

    func keeper() async throws -> IndexService {
        try await IndexService(
            path: index,
            spool: spool,
            threads: threads,
            clock: clock.wallClock,
            timer: clock,
            logger: Logger(label: "test") { [messages] _ in messages }
        )
    }

    /// Runs a keeper while `body` does.
    func run(_ body: (IndexService) async throws -> Void) async throws {
        let keeper = try await keeper()
        let task = Task { try await keeper.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(keeper)) } catch { result = .failure(error) }
        task.cancel()
        try await task.value
        await keeper.close()
        try result.get()
    }

    func names(_ keeper: IndexService) async throws -> [String] {
        try await #require(keeper.writer.database).list(JobFilter()).map(\.name).sorted()
    }
}

@Suite("The keeper of the index", .timeLimit(.minutes(1)))
struct IndexKeeperTests {
    @Test("A missing index is made in the background")
    func missing() async throws {
        try await Bench.with { bench in
            try await bench.run { keeper in
                await bench.messages.when("index rebuilt from 1 jobs")
                let names = try await bench.names(keeper)
                #expect(names == ["a.txt"])
                #expect(!keeper.writer.needsReconcile)
            }
        }
    }

    @Test("A damaged index is set aside and made anew")
    func corrupt() async throws {
        try await Bench.with { bench in
            try write(String(repeating: "no database ", count: 1_000), to: bench.index)
            try await bench.run { keeper in
                await bench.messages.when("index rebuilt from 1 jobs")
                let names = try await bench.names(keeper)
                #expect(names == ["a.txt"])
            }
            #expect(TestKit.names(in: bench.path).contains { $0.hasPrefix("index.sqlite.unusable-") })
        }
    }

    @Test("An index that was closed in order is trusted, and no job is read")
    func clean() async throws {
        try await Bench.with { bench in
            try await bench.run { _ in await bench.messages.when("index rebuilt from 1 jobs") }
            try await bench.makeJob("b.txt")
            let keeper = try await bench.keeper()
            #expect(!keeper.writer.needsReconcile)
            let names = try await bench.names(keeper)
            #expect(names == ["a.txt"])
            await keeper.close()
        }
    }

    @Test("An index that was not closed in order is compared with the files")
    func unclean() async throws {
        try await Bench.with { bench in
            try await bench.run { _ in await bench.messages.when("index rebuilt from 1 jobs") }
            // Opened for writing and never closed: as after a power cut.
            let lost = try await bench.keeper()
            try await bench.makeJob("b.txt")
            try await bench.run { keeper in
                await bench.messages.when("index compared with 2 jobs")
                let names = try await bench.names(keeper)
                #expect(names == ["a.txt", "b.txt"])
            }
            withExtendedLifetime(lost) {}
        }
    }

    @Test("A failed comparison is repeated by the slow timer")
    func failedComparison() async throws {
        try await Bench.with { bench in
            // An unreadable job is skipped; an unreadable day may hold any number of jobs.
            let day = "\(bench.path)/failed/2026-11-23"
            #expect(symlink(day, day) == 0)
            try await bench.run { keeper in
                await bench.messages.when("the index could not be rebuilt")
                #expect(unlink(day) == 0)
                await bench.clock.whenSleeping(for: IndexService.checkInterval)
                bench.clock.advance(by: IndexService.checkInterval)
                await bench.messages.when("index rebuilt from 1 jobs")
                let names = try await bench.names(keeper)
                #expect(names == ["a.txt"])
            }
        }
    }

    @Test("The keeper knows the jobs of its index by their ids")
    func contains() async throws {
        try await Bench.with { bench in
            try await bench.run { keeper in
                await bench.messages.when("index rebuilt from 1 jobs")
                let known = try #require(bench.spool.findJobs { _ in true }.first).job.id
                let unknown = JobID(time: Timestamp(milliseconds: 1), high: 0, low: 1)
                #expect(keeper.contains(known) && !keeper.contains(unknown))
            }
        }
    }
}
