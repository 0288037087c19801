import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("An idempotency key")
struct IdempotencyKeyTests {
    private let spool: TestSpool
    private let node: SpoolNode
    @Test("A key whose digest a full disk cut short counts as used for the same input")
    func tornDigest() throws {
        let claim = try #require(KeyClaim(first: Array("01M85MG280FGAKRVQKEBZ99Y1A ab12".utf8)))
        #expect(claim.asksTheSame(as: KeyClaim(job: claim.job, inputSHA256: JSON.string("x").sha256)))
    }

    private let text = #"{"idempotency_key":"ticket-4711"}"#

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    @Test("A key runs once: the second drop is a duplicate and names the first job")
    func twice() async throws {
        let (job, _) = try await node.accepted(spool.drop("a.json", text))
        let row = try await node.rejected(spool.drop("b.json", text))
        #expect(row.reason == "its idempotency_key was used before, by job \(job.name.id)")
        #expect(row.state == .duplicate)
        let note = try #require(try spool.root().rejectionNotes().first)
        #expect(note.duplicateOf == job.name.id && note.summary == row)
        _ = try await node.accepted(spool.drop("c.json", #"{"idempotency_key":"ticket-4712"}"#))
    }

    @Test("A key that was used for another input refuses the drop, and names the job")
    func otherInput() async throws {
        let (job, _) = try await node.accepted(spool.drop("a.json", #"{"idempotency_key":"k","asks":"1"}"#))
        let row = try await node.rejected(spool.drop("b.json", #"{"idempotency_key":"k","asks":"2"}"#))
        #expect(row.state == .rejected)
        #expect(row.reason == "the key k was used by job \(job.name.id) for another input")
        let same = try await node.rejected(spool.drop("c.json", #"{"idempotency_key":"k","asks":"1"}"#))
        #expect(same.state == .duplicate)
        #expect(try spool.root().claim(of: "k") == KeyClaim(job: job.name.id, inputSHA256: JSON.string("1").sha256))
        #expect(try spool.root().claim(of: "other") == nil)
    }

    @Test("A key in a file of an earlier version, which has no digest, counts as used for the same input")
    func earlierVersion() async throws {
        let (job, _) = try await node.accepted(spool.drop("a.json", #"{"idempotency_key":"k","asks":"1"}"#))
        let file = try #require(spool.tree("keys").first { $0.contains("/") })
        try Data("\(job.name.id)\n".utf8).write(to: URL(fileURLWithPath: spool.absolute("keys/\(file)")))
        let row = try await node.rejected(spool.drop("b.json", #"{"idempotency_key":"k","asks":"2"}"#))
        #expect(row.state == .duplicate)
    }

    @Test("A key lies in keys/ under its digest, and holds the job's id")
    func file() async throws {
        let (job, _) = try await node.accepted(spool.drop("a.json", text))
        let files = spool.tree("keys").filter { $0.contains("/") }
        try #require(files.count == 1)
        let parts = files[0].split(separator: "/")
        #expect(parts[1].count == 64 && parts[1].hasPrefix(parts[0]) && parts[0].count == 2)
        #expect(spool.text("keys/\(files[0])") == "\(job.name.id)\n")
    }

    @Test("A key goes to one of many drops at the same time")
    func race() async throws {
        let drops = try (0..<40).map { try spool.drop("\($0).json", text) }
        let outcomes = try await withThrowingTaskGroup(of: AcceptOutcome.self) { [node] group in
            for drop in drops { group.addTask { try await node.accept(drop) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 1)
        #expect(outcomes.count { if case .rejected = $0 { true } else { false } } == 39)
    }

    @Test("A key that two nodes write at the same time belongs to one of them")
    func betweenCreationAndContent() async throws {
        let other = try await spool.node("b")
        let gate = ThreadGate()
        spool.fileSystem.before { call throws(Errno) in
            if call.hasPrefix("write keys/"), gate.isFirst { gate.pass() }
        }
        let (first, second) = (try spool.drop("a.json", text), try spool.drop("b.json", text))
        let slow = Task { [node] in try await node.accept(first) }
        await gate.arrival()
        let outcomes = [try await other.accept(second)]
        gate.open()
        let all = outcomes + [try await slow.value]
        #expect(all.count { if case .accepted = $0 { true } else { false } } == 1)
        #expect(all.count { if case .rejected = $0 { true } else { false } } == 1)
    }

    @Test("A key that a crash left empty goes to the next drop, and to no second one")
    func empty() async throws {
        let (first, second) = (try spool.drop("a.json", text), try spool.drop("b.json", text))
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("write keys/") { throw .noSpace } }
        await #expect(throws: SpoolError.self) { try await node.accept(first) }
        spool.fileSystem.before { _ in }
        let (job, _) = try await node.accepted(second)
        let waiting = try #require(try spool.root().waitingDrops(of: TestSpool.queue, limit: 1).drops.first)
        let row = try await node.rejected(waiting.drop)
        #expect(row.reason?.contains("\(job.name.id)") == true)
    }

    @Test("A take-over that completes an acceptance syncs its key before it counts")
    func unsynced() async throws {
        let drop = try spool.drop("a.json", text)
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        await #expect(throws: SyncFailure.self) { try await node.accept(drop) }
        spool.fileSystem.before { _ in }
        let next = try await spool.node()
        let name = try #require(try await next.jobs(of: "a").first)
        spool.fileSystem.forgetCalls()
        _ = try await next.takeOver(name, of: "a").owned()
        let calls = spool.fileSystem.calls
        let synced = calls.firstIndex { $0 == "sync fileSystem " || $0.hasPrefix("sync data keys/") }
        let named = calls.firstIndex { $0.hasPrefix("rename") && $0.hasSuffix("/job.json") }
        #expect(try #require(synced) < #require(named), "\(calls)")
    }

    @Test("A drop is taken back when a power cut lost its key and another job has the key now")
    func lost() async throws {
        let drop = try spool.drop("a.json", text)
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        await #expect(throws: SyncFailure.self) { try await node.accept(drop) }
        spool.fileSystem.before { _ in }
        for file in spool.tree("keys").filter({ $0.contains("/") }) {
            try FileManager.default.removeItem(atPath: spool.absolute("keys/\(file)"))
        }
        let other = try await spool.node("b").accepted(spool.drop("b.json", text)).0
        let next = try await spool.node()
        let name = try #require(try await next.jobs(of: "a").first)
        #expect(try await next.takeOver(name, of: "a").isReturned)
        let waiting = try #require(try spool.root().waitingDrops(of: TestSpool.queue, limit: 1).drops.first)
        let row = try await next.rejected(waiting.drop)
        #expect(row.reason?.contains("\(other.name.id)") == true)
    }

    @Test("A key is the same job's again after a crash, and that job goes on")
    func crash() async throws {
        let drop = try spool.drop("a.json", text)
        spool.fileSystem.before { call throws(Errno) in
            if call.hasPrefix("create"), call.hasSuffix("history.jsonl") { throw .noSpace }
        }
        await #expect(throws: SpoolError.self) { try await node.accept(drop) }
        spool.fileSystem.before { _ in }
        let waiting = try #require(try spool.root().waitingDrops(of: TestSpool.queue, limit: 1).drops.first)
        let id = try #require(JobName(String(decoding: waiting.drop.name, as: UTF8.self))).id
        let (job, _) = try await node.accepted(waiting.drop)
        #expect(job.name.id == id)
    }
}
