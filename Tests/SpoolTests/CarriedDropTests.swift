import Documents
import Foundation
import Glibc
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A drop in an inbox on another filesystem")
struct CarriedDropTests {
    private let spool: TestSpool
    private let node: SpoolNode

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        spool.separateInbox()
    }

    @Test("A drop on another filesystem is claimed in its inbox, copied, synced and removed, and only then a job")
    func order() async throws {
        let drop = try spool.drop("a.txt")
        spool.fileSystem.forgetCalls()
        let (job, _) = try await node.accepted(drop)
        let calls = spool.fileSystem.calls.map { $0.replacing("\(job.name)", with: "J") }
        #expect(
            calls == [
                "mkdir processing/a/J", "rename inbox/default/a.txt -> processing/a/J/drop@default",
                "rename inbox/default/a.txt -> inbox/default/.taken-J", "create processing/a/J/copy",
                "write processing/a/J/copy", "create processing/a/J/history.jsonl",
                "write processing/a/J/history.jsonl",
                "sync data processing/a/J/copy", "sync data processing/a/J/history.jsonl", "sync all processing/a/J",
                "sync all processing/a", "unlink inbox/default/.taken-J", "sync all inbox/default",
                "rename processing/a/J/copy -> processing/a/J/job.txt", "unlink processing/a/J/drop@default",
            ]
        )
        #expect(spool.text("processing/a/\(job.name)/job.txt") == "hello")
        #expect(spool.tree("inbox/default") == [])
        #expect(try spool.problems() == [])
    }

    @Test("A rejected drop on another filesystem is kept as its copy, with the reason beside it")
    func rejected() async throws {
        let row = try await node.rejected(spool.drop("a.json", "bad"))
        #expect(row.reason?.hasPrefix("it is bad") == true)
        let names = spool.tree("rejected")
        #expect(names.contains { $0.hasSuffix("-a.json") && spool.text("rejected/\($0)") == "bad" })
        #expect(spool.tree("inbox/default") == [] && spool.tree("processing/a") == [])
    }

    @Test(
        "A drop that cannot be copied stays under its name, with the reason",
        arguments: [
            ("a directory", "no regular file"), ("a pipe", "no regular file"), ("a link", "no regular file"),
            ("too large", "9 bytes"), ("two links", "2 hard links"),
        ]
    )
    func uncarried(_ kind: String, _ part: String) async throws {
        let path = spool.inbox("a")
        switch kind {
        case "a directory": try #require(mkdir(path, 0o755) == 0)
        case "a pipe": try #require(mkfifo(path, 0o644) == 0)
        case "a link": try #require(symlink("/etc/hostname", path) == 0)
        case "too large": try spool.drop("a", "too large")
        default:
            try spool.drop("a")
            try #require(link(path, spool.absolute("tmp/other")) == 0)
        }
        let drop = Drop(queue: TestSpool.queue, name: Array("a".utf8))
        let outcome = try await node.accept(drop, .lenient(sizeMax: 8), look: nil)
        guard case .immovable(let error) = outcome else { throw Unexpected("\(outcome)") }
        #expect("\(error)".contains(part) && "\(error)".contains("on another filesystem"))
        #expect(spool.tree("inbox/default") == ["a"])
        #expect(spool.tree("processing/a") == [])
    }

    @Test("When two nodes accept a drop on another filesystem, one of them gets it")
    func race() async throws {
        let nodes = [node, try await spool.node("b")]
        for index in 0..<30 {
            let drop = try spool.drop("\(index).txt")
            let outcomes = try await withThrowingTaskGroup(of: AcceptOutcome.self) { group in
                for node in nodes { group.addTask { try await node.accept(drop) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 1)
        }
        #expect(try spool.root().findJobs { _ in true }.count == 30)
        #expect(spool.tree("inbox/default") == [])
    }

    // MARK: After a crash

    private func claimed(_ text: String = "hello") throws -> JobName {
        let job = JobName(id: spool.identifiers.next(), dropName: Array("a.txt".utf8))
        try spool.drop(".taken-\(job)", text)
        return job
    }

    @Test("A claimed drop without a job goes back to its inbox, under its id")
    func orphan() async throws {
        let job = try claimed()
        guard case .returned = try await node.resolveOrphanClaim(job, in: TestSpool.queue) else {
            throw Unexpected("not returned")
        }
        #expect(spool.tree("inbox/default") == ["\(job)"])
        #expect(try await node.accepted(Drop(queue: TestSpool.queue, name: Array("\(job)".utf8))).0.name == job)
    }

    @Test("A claimed drop is left alone while a node has its job")
    func inHand() async throws {
        let job = try claimed()
        try #require(mkdir(spool.absolute("processing/a/\(job)"), 0o700) == 0)
        guard case .inHand = try await node.resolveOrphanClaim(job, in: TestSpool.queue) else {
            throw Unexpected("touched")
        }
        #expect(spool.tree("inbox/default") == [".taken-\(job)"])
    }

    @Test("A claimed drop that a power cut brought back after its job had ended is removed")
    func ended() async throws {
        let (job, _) = try await node.accepted(spool.drop("a.txt"))
        try await node.commit(.completeNow, on: job)
        try spool.drop(".taken-\(job.name)")
        guard case .removed = try await node.resolveOrphanClaim(job.name, in: TestSpool.queue) else {
            throw Unexpected("not removed")
        }
        #expect(spool.tree("inbox/default") == [])
        #expect(try spool.root().findJobs { _ in true }.count == 1)
    }

    @Test("A claimed drop is not lost when its inbox is not mounted at the next start")
    func unmounted() async throws {
        let job = try claimed()
        try #require(mkdir(spool.absolute("processing/a/\(job)"), 0o700) == 0)
        try Data("hel".utf8).write(to: URL(fileURLWithPath: spool.absolute("processing/a/\(job)/copy")))
        let (inbox, aside) = (spool.absolute("inbox/default"), spool.absolute("tmp/mounted"))
        try #require(rename(inbox, aside) == 0 && mkdir(inbox, 0o755) == 0)
        let next = try await spool.node()
        _ = try await next.takeOver("\(job)", of: "a")
        try #require(rmdir(inbox) == 0 && rename(aside, inbox) == 0)
        let last = try await spool.node()
        _ = try await last.takeOver("\(job)", of: "a")
        _ = try await last.resolveOrphanClaim(job, in: TestSpool.queue)
        #expect(spool.tree("inbox/default") == ["\(job)"])
        #expect(spool.text("inbox/default/\(job)") == "hello")
        #expect(spool.tree("processing/a") == [])
    }
}
