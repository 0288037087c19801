import Documents
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A history that a program reports")
struct SyncHistoryTests {
    @Test("A history is durable before it is reported, whether or not its node has synced it")
    func synced() async throws {
        let spool = try TestSpool()
        let name = try await spool.node().accepted(spool.drop("a.json")).0.name
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == name }.first)
        spool.fileSystem.forgetCalls()
        #expect(try root.syncHistory(of: location))
        #expect(spool.fileSystem.calls == ["sync all \(location.path)/history.jsonl"])
    }

    @Test("Syncing the history of a job that has moved on returns false")
    func moved() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let job = try await node.accepted(spool.drop("a.json")).0
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == job.name }.first)
        try await node.commit(.completeNow, on: job)
        #expect(try !root.syncHistory(of: location))
    }

    @Test("Syncing a history that cannot be synced is an error")
    func failing() async throws {
        let spool = try TestSpool()
        let name = try await spool.node().accepted(spool.drop("a.json")).0.name
        let root = try spool.root()
        let location = try #require(try root.findJobs { $0 == name }.first)
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        #expect(throws: SpoolError.self) { try root.syncHistory(of: location) }
    }
}
