import Foundation
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A drop that is no plain file")
struct HostileDropTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let drop = Drop(queue: TestSpool.queue, name: Array("x".utf8))
    private var path: String { spool.inbox("x") }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    /// Sees that it is rejected, lies there as it was, and the note beside it says why.
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

    @Test("is rejected: a FIFO, without waiting for its writer")
    func fifo() async throws {
        try #require(mkfifo(path, 0o644) == 0)
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        var status = stat()
        #expect(lstat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("is rejected: a socket")
    func socketFile() async throws {
        try #require(mknod(path, S_IFSOCK | 0o644, 0) == 0)
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        #expect(try type(place) == .typeSocket)
    }

    @Test("is rejected: a device")
    func device() async throws {
        if mknod(path, S_IFCHR | 0o644, 0x103) != 0 { try Test.cancel("mknod of a device is not allowed here") }
        let place = try await expectRejected("it is a pipe, socket or device, not a regular file")
        #expect(try type(place) == .typeCharacterSpecial)
    }

    @Test("is rejected, and not followed: a symbolic link", arguments: ["/etc/passwd", "x", ".", "nowhere"])
    func link(_ target: String) async throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        let place = try await expectRejected("it is a symbolic link, not a regular file")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place) == target)
    }

    @Test("is rejected: a hard link to somebody's file")
    func hardLink() async throws {
        let secret = spool.absolute("secret")
        try Data("secret".utf8).write(to: URL(fileURLWithPath: secret))
        try FileManager.default.linkItem(atPath: secret, toPath: path)
        let place = try await expectRejected("it has 2 hard links; copy the file instead of linking it")
        #expect(FileManager.default.contents(atPath: place) == Data("secret".utf8))
    }

    @Test("is rejected with all that is in it: a directory")
    func directory() async throws {
        try FileManager.default.createDirectory(atPath: path + "/sub", withIntermediateDirectories: true)
        try Data("kept".utf8).write(to: URL(fileURLWithPath: path + "/sub/file"))
        let place = try await expectRejected("it is a directory, not a regular file")
        #expect(FileManager.default.contents(atPath: place + "/sub/file") == Data("kept".utf8))
    }

    @Test("is rejected: a file over the queue's limit; one at the limit is taken")
    func large() async throws {
        try spool.drop("x", "12345")
        _ = try await expectRejected("it has 5 bytes; the queue default takes 4 at most", .lenient(sizeMax: 4))
        _ = try await node.accepted(spool.drop("y", "1234"), .lenient(sizeMax: 4))
    }

    @Test("is rejected without being read: a sparse file of a terabyte")
    func sparse() async throws {
        try spool.drop("x", "")
        try #require(truncate(path, 1 << 40) == 0)
        let place = try await expectRejected("it has 1099511627776 bytes; the queue default takes 1048576 at most")
        #expect(unlink(place) == 0)
    }

    @Test("is rejected: a job document that is too large to be read whole")
    func largeDocument() async throws {
        let drop = try spool.drop("x.json", "")
        try #require(truncate(spool.inbox("x.json"), off_t(DropRules.documentSizeMax) + 1) == 0)
        let row = try await node.rejected(drop, .lenient(sizeMax: 1 << 30))
        #expect(row.reason?.hasPrefix("a job document may have 16777216 bytes at most") == true)
    }

    @Test("is a job like any other: an empty file")
    func empty() async throws {
        let (job, record) = try await node.accepted(spool.drop("x", ""))
        guard case .accepted(let acceptance) = record.event else { throw Unexpected("\(record)") }
        #expect(acceptance.size == 0)
        #expect(spool.text("processing/a/\(job.name)/job") == "")
    }
}
