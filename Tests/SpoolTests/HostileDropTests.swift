import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A drop that is no regular file")
struct HostileDropTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let drop = Drop(queue: TestSpool.queue, name: Array("x".utf8))
    private var path: String { spool.inbox("x") }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    /// Checks that the drop is rejected unchanged, and that the note beside it gives the reason.
    private func expectRejected(_ reason: String, _ rules: DropRules = .lenient()) async throws -> String {
        let row = try await node.rejected(drop, rules)
        #expect(row.state == .rejected && row.name == "x" && row.queue == TestSpool.queue)
        let notes = try spool.root().rejectionNotes()
        try #require(notes.count == 1)
        #expect(notes[0].reason == reason)
        #expect(notes[0].summary == row)
        #expect(notes[0].at == spool.clock.now)
        #expect(spool.tree("processing/a") == [])
        #expect(spool.tree("inbox/default") == [])
        return spool.absolute("rejected/\(spool.clock.now.day)/\(notes[0].job)")
    }

    private func type(_ path: String) throws -> FileAttributeType? {
        try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    }

    @Test("A FIFO in an inbox is rejected without waiting for its writer")
    func fifo() async throws {
        try #require(mkfifo(path, 0o644) == 0)
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        var status = stat()
        #expect(lstat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("A socket in an inbox is rejected")
    func socketFile() async throws {
        try #require(mknod(path, S_IFSOCK | 0o644, 0) == 0)
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        #expect(try type(place) == .typeSocket)
    }

    @Test("A device in an inbox is rejected")
    func device() async throws {
        if mknod(path, S_IFCHR | 0o644, 0x103) != 0 { try Test.cancel("mknod of a device is not allowed here") }
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        #expect(try type(place) == .typeCharacterSpecial)
    }

    @Test("A symbolic link in an inbox is rejected and not followed", arguments: ["/etc/passwd", "x", ".", "nowhere"])
    func link(_ target: String) async throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        let place = try await expectRejected("it is a symbolic link, not a regular file")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place) == target)
    }

    @Test("A hard link to another file is rejected")
    func hardLink() async throws {
        let secret = spool.absolute("secret")
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        try FileManager.default.linkItem(atPath: secret, toPath: path)
        let place = try await expectRejected("it has 2 hard links; copy the file instead of linking it")
        #expect(FileManager.default.contents(atPath: place) == Data("secret".utf8))
    }

    @Test("A directory in an inbox is rejected with all that is in it")
    func directory() async throws {
        try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
        try Data("kept".utf8).write(to: URL(fileURLWithPath: path + "/sub/file"))
        let place = try await expectRejected("it is a directory, not a regular file")
        #expect(FileManager.default.contents(atPath: place + "/sub/file") == Data("kept".utf8))
    }

    @Test("A file over the queue's limit is rejected, and one at the limit is taken")
    func large() async throws {
        try spool.drop("x", "12345")
        _ = try await expectRejected("it has 5 bytes; the queue default takes 4 at most", .lenient(sizeMax: 4))
        _ = try await node.accepted(spool.drop("y", "1234"), .lenient(sizeMax: 4))
    }

    @Test("A sparse file of a terabyte is rejected without being read")
    func sparse() async throws {
        try spool.drop("x", "")
        try #require(truncate(path, 1 << 40) == 0)
        let place = try await expectRejected("it has 1099511627776 bytes; the queue default takes 1048576 at most")
        #expect(unlink(place) == 0)
    }

    @Test("A job document that is too large to be read whole is rejected")
    func largeDocument() async throws {
        let drop = try spool.drop("x.json", "")
        try #require(truncate(spool.inbox("x.json"), off_t(DropRules.documentSizeMax) + 1) == 0)
        let row = try await node.rejected(drop, .lenient(sizeMax: 1 << 30))
        #expect(row.reason?.hasPrefix("a job document may have 16777216 bytes at most") == true)
    }

    @Test("An empty file is a job like any other")
    func empty() async throws {
        let (job, record) = try await node.accepted(spool.drop("x", ""))
        guard case .accepted(let acceptance) = record.event else { throw Unexpected("\(record)") }
        #expect(acceptance.size == 0)
        #expect(spool.text("processing/a/\(job.name)/job") == "")
    }
}
