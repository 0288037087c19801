import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A drop that a process still writes")
struct WriterTests {
    private let spool: TestSpool
    private let node: SpoolNode

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    private func unfinished(_ drop: Drop, _ look: FileSnapshot? = nil) async throws -> FileSnapshot? {
        let outcome = try await node.accept(drop, look: look)
        guard case .unfinished(let look) = outcome else { throw Unexpected("\(outcome)") }
        #expect(spool.tree("processing/a") == [])
        return look
    }

    @Test("A drop that is still open for writing stays in the inbox until it is closed")
    func open() async throws {
        let drop = try spool.drop("a.txt", "hel")
        let writer = try #require(FileHandle(forWritingAtPath: spool.inbox("a.txt")))
        #expect(try await unfinished(drop) == nil)
        #expect(spool.tree("inbox/default") == ["a.txt"])
        try writer.seekToEnd()
        try writer.write(contentsOf: Data("lo".utf8))
        try writer.close()
        let (job, _) = try await node.accepted(drop)
        #expect(spool.text("processing/a/\(job.name)/job.txt") == "hello")
    }

    @Test("Where the kernel cannot tell, a drop needs two equal looks, far enough apart")
    func looks() async throws {
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in throw .notSupported }
        let drop = try spool.drop("a.txt", "h")
        let first = try #require(try await unfinished(drop))
        #expect(first.size == 1 && first.at == spool.clock.now)
        spool.clock.turn(by: .seconds(4))
        #expect(try await unfinished(drop, first) == first)
        // It grew: the time begins again.
        try spool.drop("a.txt", "hello")
        spool.clock.turn(by: .seconds(4))
        let second = try #require(try await unfinished(drop, first))
        #expect(second.size == 5 && second.at == spool.clock.now)
        spool.clock.turn(by: .milliseconds(4_999))
        #expect(try await unfinished(drop, second) == second)
        spool.clock.turn(by: .milliseconds(1))
        guard case .accepted(let job, _) = try await node.accept(drop, look: second) else {
            throw Unexpected("not taken")
        }
        #expect(spool.text("processing/a/\(job.name)/job.txt") == "hello")
    }

    @Test("A drop that a writer opens between the look and the rename goes back to the inbox")
    func between() async throws {
        let drop = try spool.drop("a.txt", "hel")
        let path = spool.inbox("a.txt")
        let writer = Mutex<FileHandle?>(nil)
        spool.fileSystem.before { call throws(Errno) in
            if call.hasPrefix("rename inbox") { writer.withLock { $0 = FileHandle(forWritingAtPath: path) } }
        }
        #expect(try await unfinished(drop) == nil)
        spool.fileSystem.before { _ in }
        let names = spool.tree("inbox/default")
        try #require(names.count == 1 && names[0].hasSuffix("a.txt"))
        let file = try #require(writer.withLock { $0 })
        try file.seekToEnd()
        try file.write(contentsOf: Data("lo".utf8))
        try file.close()
        let (job, _) = try await node.accepted(Drop(queue: TestSpool.queue, name: Array(names[0].utf8)))
        #expect(spool.text("processing/a/\(job.name)/job.txt") == "hello")
        #expect(job.name.drop == "a.txt")
    }

    @Test("A drop that goes back to the inbox never replaces a new drop of its name")
    func noOverwriting() async throws {
        let drop = try spool.drop("a.txt", "old")
        let (path, spool) = (spool.inbox("a.txt"), spool)
        let writer = Mutex<FileHandle?>(nil)
        spool.fileSystem.before { call throws(Errno) in
            if call.hasPrefix("rename inbox") { writer.withLock { $0 = FileHandle(forWritingAtPath: path) } }
            // The submitter drops another one of that name at the worst moment.
            if call.hasPrefix("rename processing") { _ = try? spool.drop("a.txt", "new") }
        }
        #expect(try await unfinished(drop) == nil)
        // Breaks the reference cycle between the hook and the spool.
        spool.fileSystem.before { _ in }
        let texts = spool.tree("inbox/default").map { spool.text("inbox/default/\($0)") }
        #expect(Set(texts) == ["old", "new"])
        withExtendedLifetime(writer) {}
    }
}

@Suite("A drop that another user owns")
struct ForeignDropTests {
    private let spool: TestSpool
    private let node: SpoolNode

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    private func foreignDrop(_ text: String) throws -> Drop {
        let drop = try spool.drop("a.txt", text)
        try #require(lchown(spool.inbox("a.txt"), 12_345, 12_345) == 0)
        return drop
    }

    @Test("Another user's drop gets an inode of the daemon's, which an open descriptor cannot change")
    func copied() async throws {
        let drop = try foreignDrop("hello")
        var before = stat()
        try #require(stat(spool.inbox("a.txt"), &before) == 0)
        // As where the daemon has no CAP_LEASE: the writer is not seen.
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in true }
        let writer = try #require(FileHandle(forWritingAtPath: spool.inbox("a.txt")))
        let (job, record) = try await node.accepted(drop)
        try writer.write(contentsOf: Data("HELLO".utf8))
        try writer.close()
        let name = "processing/a/\(job.name)/job.txt"
        #expect(spool.text(name) == "hello")
        var after = stat()
        try #require(stat(spool.absolute(name), &after) == 0)
        #expect(after.st_ino != before.st_ino)
        #expect(after.st_uid == geteuid() && after.st_mode & 0o777 == 0o600)
        guard case .accepted(let acceptance) = record.event else { throw Unexpected("\(record)") }
        #expect(acceptance.ownerUID == 12_345)
        #expect(spool.tree("processing/a/\(job.name)") == ["history.jsonl", "job.txt"])
        #expect(try spool.problems() == [])
    }

    @Test("Another user's drop is replaced by its copy only when the copy is on disk")
    func order() async throws {
        let drop = try foreignDrop("hello")
        spool.fileSystem.forgetCalls()
        let (job, _) = try await node.accepted(drop)
        let calls = spool.fileSystem.calls.map { $0.replacing("processing/a/\(job.name)", with: "J") }
        let sync = try #require(calls.firstIndex { $0.hasPrefix("sync") })
        #expect(calls[..<sync].allSatisfy { !$0.hasPrefix("rename J/") && !$0.hasPrefix("unlink") })
    }

    @Test("Another user's drop keeps its owner when it must go back to the inbox")
    func undone() async throws {
        let drop = try foreignDrop("hello")
        spool.fileSystem.before { call throws(Errno) in
            if call.hasPrefix("write"), call.hasSuffix("history.jsonl") { throw .noSpace }
        }
        await #expect(throws: SpoolError.self) { try await node.accept(drop) }
        let waiting = try spool.root().waitingDrops(of: TestSpool.queue, limit: 2)
        #expect(waiting.drops.map(\.uid) == [12_345])
        #expect(spool.tree("processing/a") == [])
    }

    @Test("Another user's drop that grows while it is copied goes back, and does not fill the disk")
    func growing() async throws {
        let drop = try foreignDrop("hello")
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in true }
        let path = spool.inbox("a.txt")
        let writer = try #require(FileHandle(forUpdatingAtPath: path))
        let copied = Mutex(0)
        spool.fileSystem.before { call throws(Errno) in
            guard call.hasSuffix("/copy"), call.hasPrefix("write") else { return }
            let count = copied.withLock { count in
                count += 1
                return count
            }
            if count < 100 { _ = try? writer.write(contentsOf: Data("more, more".utf8)) }
        }
        let outcome = try await node.accept(drop)
        guard case .unfinished = outcome else { throw Unexpected("\(outcome)") }
        #expect(copied.withLock { $0 } < 10)
        #expect(spool.tree("processing/a") == [])
        #expect(spool.tree("inbox/default").count == 1)
    }
}
