import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import Testing

@testable import Spool

@Suite("Taking an acceptance back")
struct UndoTests {
    private let spool: TestSpool
    private let name: JobName

    init() throws {
        spool = try TestSpool()
        name = JobName(id: spool.identifiers.next(), dropName: Array("a.json".utf8))
    }

    private func leave(_ files: [String]) throws {
        let path = spool.absolute("processing/a/\(name)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for file in files { try Data(file.utf8).write(to: URL(fileURLWithPath: "\(path)/\(file)")) }
    }

    @Test("A drop goes back to its own queue's inbox, under a name that keeps its id")
    func back() async throws {
        try leave(["drop@other", "copy"])
        #expect(try await spool.node().takeOver("\(name)", of: "a").isReturned)
        #expect(spool.text("inbox/other/\(name)") == "drop@other")
        #expect(spool.tree("processing/a") == [])
    }

    @Test("An empty job directory is removed")
    func empty() async throws {
        try leave([])
        #expect(try await spool.node().takeOver("\(name)", of: "a").isGone)
        #expect(spool.tree("processing/a") == [])
    }

    @Test("A file that the daemon does not know is never deleted")
    func unknown() async throws {
        try leave(["drop@default", "precious"])
        #expect(try await spool.node().takeOver("\(name)", of: "a").isReturned)
        #expect(spool.text("processing/a/\(name)/precious") == "precious")
        #expect(spool.text("inbox/default/\(name)") == "drop@default")
    }

    @Test("A drop that goes back never replaces a drop of its name")
    func taken() async throws {
        try leave(["drop@default"])
        try spool.drop("\(name)", "another")
        #expect(try await spool.node().takeOver("\(name)", of: "a").isReturned)
        let texts = spool.tree("inbox/default").map { spool.text("inbox/default/\($0)") }
        #expect(Set(texts) == ["another", "drop@default"])
    }

    @Test("The acceptance is removed before the drop is in its inbox again, so no crash makes two jobs of it")
    func order() async throws {
        let node = try await spool.node()
        let drop = try spool.drop("a.json")
        spool.fileSystem.forgetCalls()
        spool.fileSystem.before { call throws(Errno) in if call.hasSuffix("/job.json") { throw .ioError } }
        await #expect(throws: SpoolError.self) { try await node.accept(drop) }
        let calls = spool.fileSystem.calls
        let forgotten = try #require(calls.firstIndex { $0.hasPrefix("unlink") && $0.hasSuffix("history.jsonl") })
        let back = try #require(calls.firstIndex { $0.contains("-> inbox/default/") })
        try #require(forgotten < back)
        #expect(calls[forgotten..<back].contains { $0.hasPrefix("sync") })
    }

    private final class Again: Sendable {
        let task = Mutex<Task<AcceptOutcome, any Error>?>(nil)
    }

    @Test("A drop that goes back is claimed again, under its id, only when its directory is gone")
    func claimedMeanwhile() async throws {
        let drop = try spool.drop("a.json")
        let node = try await spool.node()
        let again = Again()
        spool.fileSystem.before { [spool, node] call throws(Errno) in
            if call.hasSuffix("/job.json") { throw .ioError }
            // The drop is in its inbox, and its directory not yet gone.
            guard call.hasPrefix("rmdir processing/a/") else { return }
            let name = String(call.dropFirst("rmdir processing/a/".count))
            spool.fileSystem.before { _ throws(Errno) in }
            let task = Task { try await node.accept(Drop(queue: TestSpool.queue, name: Array(name.utf8))) }
            again.task.withLock { $0 = task }
            // Gives the other accept time to come; without that time, too, the test never fails wrongly.
            usleep(100_000)
        }
        await #expect(throws: SpoolError.self) { try await node.accept(drop) }
        let task = try #require(again.task.withLock { $0 })
        guard case .accepted(let job, _) = try await task.value else { throw Unexpected("it was not accepted") }
        #expect(job.name.drop == "a.json")
    }
}
