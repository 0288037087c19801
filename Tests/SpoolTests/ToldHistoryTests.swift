import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A history that a program tells somebody of")
struct ToldHistoryTests {
    @Test("is on disk first, whether or not its node has come to sync it")
    func synced() async throws {
        let spool = try TestSpool()
        let name = try await spool.node().accepted(spool.drop("a.json")).0.name
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == name }.first)
        spool.fileSystem.forgetCalls()
        #expect(try root.syncHistory(of: location))
        #expect(spool.fileSystem.calls == ["sync all \(location.path)/history.jsonl"])
    }

    @Test("is looked for again when its job has moved on")
    func moved() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let job = try await node.accepted(spool.drop("a.json")).0
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == job.name }.first)
        try await node.commit(.completeNow, on: job)
        #expect(try !root.syncHistory(of: location))
    }

    @Test("is not told of when it cannot be synced")
    func failing() async throws {
        let spool = try TestSpool()
        let name = try await spool.node().accepted(spool.drop("a.json")).0.name
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == name }.first)
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        #expect(throws: SpoolError.self) { try root.syncHistory(of: location) }
    }
}
