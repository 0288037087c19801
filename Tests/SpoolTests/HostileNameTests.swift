import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("Something else in the place of a file of the spool")
struct HostileNameTests {
    private let spool: TestSpool
    private let root: SpoolRoot

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    @Test(
        "A rejected drop that is named like a note is no note",
        arguments: ["pipe", "link", "directory", "huge"]
    )
    func notes(_ kind: String) async throws {
        let node = try await spool.node()
        let path = spool.inbox("x.reason.txt")
        switch kind {
        case "pipe": #expect(mkfifo(path, 0o600) == 0)
        case "link": try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        case "directory": try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        default:
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(truncate(path, 1 << 40) == 0)
        }
        let row = try await node.rejected(Drop(queue: TestSpool.queue, name: Array("x.reason.txt".utf8)))
        #expect(try root.rejectionNotes().map(\.summary) == [row])
    }

    @Test("A rejected drop that forges a note is no note")
    func forgedNote() async throws {
        let node = try await spool.node()
        let note = RejectionNote(
            job: JobName(id: spool.identifiers.next(), dropName: Array("y".utf8)),
            queue: "forged",
            ownerUID: 0,
            at: spool.clock.now,
            reason: "forged"
        )
        try Data(note.bytes).write(to: URL(fileURLWithPath: spool.inbox("x.reason.txt")))
        try FileManager.default.linkItem(atPath: spool.inbox("x.reason.txt"), toPath: spool.absolute("tmp/other"))
        let row = try await node.rejected(Drop(queue: TestSpool.queue, name: Array("x.reason.txt".utf8)))
        #expect(try root.rejectionNotes().map(\.summary) == [row])
    }

    @Test("A pipe, link or directory in nodes/ is no node, and is not waited for")
    func nodes() throws {
        #expect(mkfifo(spool.absolute("nodes/pipe"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(
            atPath: spool.absolute("nodes/link"),
            withDestinationPath: "/etc/passwd"
        )
        try FileManager.default.createDirectory(
            atPath: spool.absolute("nodes/directory"),
            withIntermediateDirectories: false
        )
        let lock = try NodeLock(of: "a", in: root, now: spool.clock.now)
        #expect(try NodeLock.nodes(of: root).map(\.node) == ["a"])
        withExtendedLifetime(lock) {}
    }

    @Test("A file among the days is no directory of jobs")
    func fileAmongDays() async throws {
        let node = try await spool.node()
        try await node.commit(.completeNow, on: node.accepted(spool.drop("a.txt")).0)
        try Data().write(to: URL(fileURLWithPath: spool.absolute("done/README")))
        try Data().write(to: URL(fileURLWithPath: spool.absolute("rejected/README")))
        #expect(try root.findJobs { _ in true }.count == 1)
        #expect(try root.rejectionNotes().isEmpty)
    }
}

@Suite("A node's lock file that is removed")
struct LostLockTests {
    @Test("A lock file that was removed or replaced is noticed")
    func lost() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        let lock = try NodeLock(of: "a", in: root, now: spool.clock.now)
        try lock.check(in: root)
        try FileManager.default.removeItem(atPath: spool.absolute("nodes/a"))
        #expect(throws: NodeLock.Lost.self) { try lock.check(in: root) }
        try Data().write(to: URL(fileURLWithPath: spool.absolute("nodes/a")))
        #expect(throws: NodeLock.Lost.self) { try lock.check(in: root) }
    }

    @Test("A node without a lock file is found by the directory of its jobs")
    func withoutLock() async throws {
        let spool = try TestSpool()
        let node = try await spool.node("b")
        _ = try await node.accepted(spool.drop("a.txt"))
        #expect(try NodeLock.nodesWithoutLock(in: spool.root()) == ["b"])
        let lock = try NodeLock(of: "b", in: spool.root(), now: spool.clock.now)
        #expect(try NodeLock.nodesWithoutLock(in: spool.root()) == [])
        withExtendedLifetime(lock) {}
    }
}

@Suite("A drop that cannot be moved")
struct ImmovableDropTests {
    @Test(
        "A drop that cannot be moved stays as it is, and the attempt leaves nothing behind",
        arguments: [Errno.notPermitted, .permissionDenied, .improperLink]
    )
    func stays(_ error: Errno) async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let drop = try spool.drop("a.txt")
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("rename inbox/") { throw error } }
        guard case .immovable(let failure) = try await node.accept(drop) else { throw Unexpected("it was moved") }
        #expect(failure.cause == error && failure.description.contains("taking a.txt from inbox/default/"))
        #expect(spool.tree("inbox/default") == ["a.txt"])
        #expect(spool.tree("processing/a").isEmpty)
    }
}
