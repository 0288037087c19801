import Documents
import Foundation
import Glibc
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A drop that the daemon wrote for another")
struct SubmissionTests {
    private let spool: TestSpool
    private let root: SpoolRoot

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    private static let ci = Submission(owner: .token("ci"), idempotencyKey: "k")

    private static func rules(isTaken: @escaping @Sendable (JobID) -> Bool = { _ in false }) -> DropRules {
        var rules = DropRules.lenient(isTaken: isTaken)
        let make = rules.makeAcceptance
        rules.makeAcceptance = { contents throws(Rejection) in
            var acceptance = try make(contents)
            if let submission = contents.submission {
                (acceptance.ownerUID, acceptance.owner) = (submission.owner.uid, submission.owner.name)
                acceptance.idempotencyKey = submission.idempotencyKey
            }
            return acceptance
        }
        return rules
    }

    private func submit(_ name: String, _ text: String = "hello", by submission: Submission = Self.ci) throws -> Drop {
        let id = spool.identifiers.next()
        _ = try submission.write(for: id, in: root)
        return try spool.drop("\(id)-\(name)", text)
    }

    private func owner(_ record: HistoryRecord) throws -> Owner {
        guard case .accepted(let acceptance) = record.event else { throw Unexpected("\(record)") }
        return acceptance.submitter
    }

    @Test("A submission is one line of JSON that can be read back")
    func roundTrip() throws {
        let id = spool.identifiers.next()
        let alice = Submission(owner: Owner(uid: 1_000, name: "alice"))
        _ = try alice.write(for: id, in: root)
        #expect(spool.text("submitted/\(id)") == "{\"owner_uid\":1000,\"owner\":\"alice\"}\n")
        #expect(try Submission.read(of: id, in: root) == alice)
        #expect(try Submission.read(of: spool.identifiers.next(), in: root) == nil)
    }

    @Test("The acceptance names the submitter and has the key, and the submission is removed")
    func accepted() async throws {
        let node = try await spool.node()
        let (job, record) = try await node.accepted(submit("a.txt"), Self.rules())
        #expect(try owner(record) == .token("ci"))
        #expect(job.acceptance?.idempotencyKey == "k")
        #expect(spool.tree("submitted") == [])
        #expect(spool.tree("processing/a/\(job.name)") == ["history.jsonl", "job.txt"])
        #expect(try spool.problems() == [])
    }

    @Test("A rejection's note names the submitter, and the submission is removed")
    func rejected() async throws {
        let node = try await spool.node()
        let row = try await node.rejected(submit("a.json", "bad"), Self.rules())
        #expect(row.owner == "ci" && row.ownerUID == Owner.tokenUID)
        let note = try #require(try root.rejectionNotes().first)
        #expect(note.owner == "ci" && note.ownerUID == Owner.tokenUID)
        #expect(spool.tree("submitted") == [])
    }

    @Test(
        "A submission that cannot be read rejects the drop, which must not pass for the daemon's",
        arguments: ["", "{}", "{\"owner_uid\":-2,\"owner\":\"x\"}", "{\"owner_uid\":1,\"owner\":\"\"}", "[1"]
    )
    func torn(_ text: String) async throws {
        let node = try await spool.node()
        let drop = try submit("a.txt")
        let id = try #require(JobName(drop.shownName)?.id)
        try Data(text.utf8).write(to: URL(fileURLWithPath: spool.absolute("submitted/\(id)")))
        let row = try await node.rejected(drop, Self.rules())
        #expect(row.reason?.hasPrefix("who submitted it is not known: submitted/\(id) ") == true)
        #expect(row.owner == UserNames.name(of: Int(geteuid())))
    }

    @Test("A link in the place of a submission is not believed")
    func link() async throws {
        let node = try await spool.node()
        let drop = try submit("a.txt")
        let id = try #require(JobName(drop.shownName)?.id)
        let path = spool.absolute("submitted/\(id)")
        try FileManager.default.moveItem(atPath: path, toPath: spool.absolute("elsewhere"))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: spool.absolute("elsewhere"))
        let row = try await node.rejected(drop, Self.rules())
        #expect(row.reason?.contains("is no file of the daemon's user") == true)
    }

    @Test(
        "A submission of another user's drop, or in another user's file, is not believed",
        .enabled(if: geteuid() == 0)
    )
    func foreign() async throws {
        let node = try await spool.node()
        let drop = try submit("a.txt")
        #expect(chown(spool.inbox(drop.shownName), 1_234, 1_234) == 0)
        let (_, record) = try await node.accepted(drop, Self.rules())
        #expect(try owner(record).uid == 1_234)
        #expect(spool.tree("submitted").count == 1)
        let other = try submit("b.txt")
        let id = try #require(JobName(other.shownName)?.id)
        #expect(chown(spool.absolute("submitted/\(id)"), 1_234, 1_234) == 0)
        let row = try await node.rejected(other, Self.rules())
        #expect(row.reason?.contains("is no file of the daemon's user") == true)
    }

    @Test("A drop whose id a job has keeps its submitter")
    func collision() async throws {
        let node = try await spool.node()
        let (job, record) = try await node.accepted(submit("a.txt"), Self.rules { _ in true })
        #expect(try owner(record) == .token("ci"))
        #expect(job.name.drop.hasSuffix("-a.txt"))
        #expect(spool.tree("submitted") == [])
    }

    @Test("A drop that a full disk puts back keeps its submitter, also where its name is taken")
    func putBack() async throws {
        let node = try await spool.node()
        // A key would stay with the id of the first attempt, as a document's does.
        let drop = try submit("a.txt", by: Submission(owner: .token("ci")))
        spool.fileSystem.before { call throws(Errno) in
            guard call.hasPrefix("write processing/") else { return }
            // The name is free at the rename out of the inbox, and taken at the rename back.
            _ = try? self.spool.drop(drop.shownName, "other")
            throw .noSpace
        }
        await #expect(throws: SpoolError.self) { try await node.accept(drop, Self.rules(), look: nil) }
        spool.fileSystem.before { _ in }
        let names = try FileManager.default.contentsOfDirectory(atPath: spool.inbox(""))
        let back = try #require(names.first { $0 != drop.shownName })
        let (_, record) = try await node.accepted(Drop(queue: TestSpool.queue, name: Array(back.utf8)), Self.rules())
        #expect(try owner(record) == .token("ci"))
    }

    @Test("Only old submissions without a drop are removed at the start, and uploads that were not finished")
    func stale() async throws {
        let node = try await spool.node()
        let waiting = try submit("a.txt")
        _ = try Self.ci.write(for: spool.identifiers.next(), in: root)
        for name in ["\(Submission.stagingPrefix)x", "mine"] {
            try Data().write(to: URL(fileURLWithPath: spool.absolute("tmp/\(name)")))
        }
        #expect(try await node.removeStaleSubmissions(age: .seconds(1_000_000_000)) == 0)
        #expect(try await node.removeStaleSubmissions(age: .seconds(-1_000_000_000)) == 2)
        #expect(spool.tree("submitted") == [try #require(JobName(waiting.shownName)).id.text])
        #expect(spool.tree("tmp") == ["mine"])
    }
}
