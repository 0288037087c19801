import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A forged job directory")
struct JobTrustTests {
    private static let stranger: uid_t = 65_534
    private let spool: TestSpool
    private let node: SpoolNode
    private let name: JobName
    private let due: Timestamp
    private var place: String { "deferred/\(due.compactText).\(name)" }
    private var path: String { spool.absolute(place) }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        let job = try await node.accepted(spool.drop("a.json")).0
        name = job.name
        due = spool.clock.now + .seconds(60)
        try await node.commit(.deferUntil(due, reason: "later"), on: job)
    }

    /// Checks that the directory is not claimed, and stays where it is.
    private func expectLeft(_ reason: String) async throws {
        guard case .unreadable(let job, let text) = try await node.claimDeferred(name, due: due) else {
            throw Unexpected("it was claimed")
        }
        #expect(job == name && text.contains(reason), "\(text)")
        #expect(spool.tree("deferred").contains("\(due.compactText).\(name)"))
        #expect(spool.tree("processing/a").isEmpty)
        await #expect(throws: UnreadableJob.self) {
            try await node.adopt(name, from: "deferred", named: "\(due.compactText).\(name)")
        }
    }

    private func replaceHistory(_ make: (String) throws -> Void) throws {
        try FileManager.default.removeItem(atPath: "\(path)/history.jsonl")
        try make("\(path)/history.jsonl")
    }

    @Test(
        "A job directory is not believed when another user owns it, or a file that is read from it",
        arguments: ["", "/history.jsonl", "/job.json"]
    )
    func foreign(_ entry: String) async throws {
        if geteuid() != 0 { try Test.cancel("only root may give a file away") }
        #expect(lchown(path + entry, Self.stranger, Self.stranger) == 0)
        try await expectLeft("is not believed, because")
    }

    @Test("A history that is a pipe is refused without waiting")
    func pipe() async throws {
        try replaceHistory { #expect(mkfifo($0, 0o600) == 0) }
        try await expectLeft("has a history that is a pipe")
        let location = JobLocation(job: name, directory: "deferred", entry: "\(due.compactText).\(name)")
        #expect(throws: SpoolError.self) { try spool.root().replay(of: location) }
        #expect(try spool.problems().count == 1)
    }

    @Test("A history that is a symbolic link is not followed")
    func link() async throws {
        try replaceHistory { path in
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/etc/passwd")
        }
        try await expectLeft("has a history that is a symbolic link")
        #expect(try spool.problems().count == 1)
    }

    @Test("A history with a second hard link is not believed, because another user may write it")
    func hardLink() async throws {
        try FileManager.default.linkItem(atPath: "\(path)/history.jsonl", toPath: spool.absolute("tmp/other"))
        try await expectLeft("hard links")
    }

    @Test("A sparse history of a terabyte is not read")
    func sparse() async throws {
        try replaceHistory { path in
            try Data().write(to: URL(fileURLWithPath: path))
            #expect(truncate(path, 1 << 40) == 0)
        }
        try await expectLeft("has a history of 1099511627776 bytes")
        #expect(try spool.problems().count == 1)
    }

    @Test("A link to a directory is no job")
    func linkedDirectory() async throws {
        let aside = spool.absolute("tmp/aside")
        try FileManager.default.moveItem(atPath: path, toPath: aside)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: aside)
        try await expectLeft("is a symbolic link, not a job's directory")
    }

    @Test("A forged job directory of a dead node is not taken over, and stays where it is")
    func deadNode() async throws {
        try FileManager.default.createDirectory(
            atPath: spool.absolute("processing/b"),
            withIntermediateDirectories: false
        )
        try FileManager.default.moveItem(atPath: path, toPath: spool.absolute("processing/b/\(name)"))
        try FileManager.default.linkItem(
            atPath: spool.absolute("processing/b/\(name)/history.jsonl"),
            toPath: spool.absolute("tmp/other")
        )
        #expect(try await node.takeOver("\(name)", of: "b").isUnreadable)
        #expect(spool.tree("processing/b").contains("\(name)"))
    }

    @Test("A job directory is taken over when only its unaccepted drop belongs to its submitter")
    func unaccepted() async throws {
        if geteuid() != 0 { try Test.cancel("only root may give a file away") }
        let job = JobName(id: spool.identifiers.next(), dropName: Array("b.txt".utf8))
        let directory = spool.absolute("processing/a/\(job)")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try Data("text".utf8).write(to: URL(fileURLWithPath: "\(directory)/drop@default"))
        #expect(lchown("\(directory)/drop@default", Self.stranger, Self.stranger) == 0)
        #expect(try await node.takeOver("\(job)", of: "a").isReturned)
        #expect(spool.tree("inbox/default") == ["\(job)"])
    }

    @Test("A forged entry does not lead a drop out of the inboxes")
    func strangeQueue() async throws {
        let job = JobName(id: spool.identifiers.next(), dropName: Array("b.txt".utf8))
        let directory = spool.absolute("processing/a/\(job)")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try Data("text".utf8).write(to: URL(fileURLWithPath: "\(directory)/drop@.."))
        #expect(try await node.takeOver("\(job)", of: "a").isGone)
        #expect(spool.tree("processing/a") == ["\(job)", "\(job)/drop@.."])
        #expect(!spool.exists("\(job)"))
    }
}
