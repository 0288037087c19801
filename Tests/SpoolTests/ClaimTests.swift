import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("Claiming a job")
struct ClaimTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let job: OwnedJob
    private var name: JobName { job.name }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        job = try await node.accepted(spool.drop("a.json")).0
    }

    private func deferJob() async throws -> Timestamp {
        let until = spool.clock.now + .seconds(60)
        try await node.commit(.deferUntil(until, reason: "later"), on: job)
        return until
    }

    private func move(_ from: String, _ to: String) throws {
        try FileManager.default.moveItem(atPath: spool.absolute(from), toPath: spool.absolute(to))
    }

    @Test("Claiming a due job opens its next epoch")
    func due() async throws {
        let until = try await deferJob()
        let (again, records) = try await node.claimDeferred(name, due: until).owned()
        #expect(records.map(\.event.type) == ["accepted", "deferred", "claimed"])
        #expect(records.last?.epoch == 2)
        #expect(again.replay.life.state == .waiting)
        #expect(try await node.claimDeferred(name, due: until).isGone)
    }

    @Test("When two nodes claim a job, one of them gets it")
    func race() async throws {
        let until = try await deferJob()
        let nodes = [node, try await spool.node("b")]
        let name = name
        let claims = try await withThrowingTaskGroup(of: SpoolNode.Claim.self) { group in
            for node in nodes { group.addTask { try await node.claimDeferred(name, due: until) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(claims.count { $0.isGone } == 1)
        #expect(try spool.problems() == [])
    }

    @Test("An ended job that lies in deferred moves to its place when it is claimed, with its result")
    func misplaced() async throws {
        try await node.commit(.failNow, on: job)
        let until = spool.clock.now
        try move("failed/\(until.day)/\(name)", "deferred/\(until.compactText).\(name)")
        #expect(try await node.claimDeferred(name, due: until).isSettled)
        #expect(spool.exists("failed/\(until.day)/\(name)/result.json"))
        #expect(try spool.problems() == [])
    }

    @Test("A job goes on when a power cut undid its move out of deferred, and not its record")
    func runningInDeferred() async throws {
        try await node.commit(.step(.completed("one")), on: job)
        let until = spool.clock.now
        try move("processing/a/\(name)", "deferred/\(until.compactText).\(name)")
        let (again, _) = try await node.claimDeferred(name, due: until).owned()
        #expect(again.replay.life.epoch == 2)
        #expect(again.replay.steps["one"]?.status == .completed)
        try await node.commit(.completeNow, on: again)
        #expect(try spool.problems() == [])
    }

    @Test("Adopting a job for a request takes it from where it lies, and appends nothing")
    func adopt() async throws {
        try await node.commit(.holdNow, on: job)
        spool.fileSystem.forgetCalls()
        let claim = try await node.adopt(name, from: "held", named: "\(name)")
        // Synced before anything is appended: no history may have an answer while the job still lies in held/.
        #expect(
            spool.fileSystem.calls.starts(with: [
                "rename held/\(name) -> processing/a/\(name)", "sync all processing/a", "sync all held",
            ])
        )
        let (again, records) = try #require(claim)
        #expect(records.count == 2)
        #expect(again.path == spool.absolute("processing/a/\(name)"))
        #expect(try await node.adopt(name, from: "held", named: "\(name)") == nil)
        try await node.commit(.release(Release(.admin)), on: again)
    }

    @Test("Taking over a dead node's job fences its history: what a zombie writes is not in it")
    func fenced() async throws {
        let other = try await spool.node("b")
        let (taken, _) = try await other.takeOver("\(name)", of: "a").owned()
        _ = try? await node.commit(.step(.started("zombie")), on: job)
        #expect(taken.replay.life.epoch == 2)
        try await other.commit(.step(.started("one")), on: taken)
        #expect(try spool.problems() == [])
        #expect(spool.text("processing/b/\(name)/history.jsonl")?.contains("zombie") == false)
        #expect(spool.tree("processing/b/\(name)") == ["history.jsonl", "job.json"])
        #expect(try await other.takeOver("\(name)", of: "a").isGone)
    }

    @Test("A history with a changed record is refused, and every record is left", arguments: ["a", "b"])
    func changed(_ successor: String) async throws {
        for step in ["one", "two", "three"] { try await node.commit(.step(.completed(step)), on: job) }
        let path = "processing/a/\(name)/history.jsonl"
        let text = try #require(spool.text(path)).replacing("\"one\"", with: "\"eno\"")
        try Data(text.utf8).write(to: URL(fileURLWithPath: spool.absolute(path)))
        let other = try await spool.node(successor)
        #expect(try await other.takeOver("\(name)", of: "a").isUnreadable)
        #expect(spool.text("processing/\(successor)/\(name)/history.jsonl") == text)
    }

    @Test("A job of an earlier run goes on with the next epoch, also the third time")
    func restart() async throws {
        for epoch in 2...4 {
            let next = try await spool.node()
            #expect(try await next.jobs(of: "a") == ["\(name)"])
            let (again, records) = try await next.takeOver("\(name)", of: "a").owned()
            #expect(again.replay.life.epoch == epoch)
            #expect(records.count == epoch)
        }
        #expect(try spool.problems() == [])
    }

    @Test("A take-over after an earlier run copies the history, which a failed sync may have left unwritten")
    func failedSync() async throws {
        let next = try await spool.node()
        spool.fileSystem.forgetCalls()
        _ = try await next.takeOver("\(name)", of: "a").owned()
        let path = "processing/a/\(name)"
        #expect(
            spool.fileSystem.calls.starts(with: [
                "create \(path)/history.jsonl.new", "write \(path)/history.jsonl.new",
                "sync data \(path)/history.jsonl.new",
                "rename \(path)/history.jsonl.new -> \(path)/history.jsonl",
                "sync all \(path)", "sync all processing/a",
            ])
        )
    }

    @Test("A long history is shown part by part, and only its last part is kept")
    func longHistory() async throws {
        let count = 3_000
        for index in 0..<count {
            _ = try await node.note(.stepCompleted(.init(step: "\(index)", kind: .tool)), on: job)
        }
        let parts = Mutex<[(seq: Int, count: Int)]>([])
        let next = try await spool.node()
        let (again, rest) = try await next.takeOver("\(name)", of: "a") { replay, part in
            parts.withLock { $0.append((replay.life.seq, part.count)) }
            #expect(replay.life.seq == part.last?.seq && replay.steps["0"] != nil)
        }.owned()
        let shown = parts.withLock { $0 }
        #expect(shown.count == 2 && shown.allSatisfy { $0.count < 2_000 })
        #expect(shown.reduce(0) { $0 + $1.count } + rest.count == count + 2)
        #expect(again.replay.steps["\(count - 1)"] != nil)
        let outcome = try await next.outcome(of: "17", of: again)
        #expect(outcome == .stepCompleted(.init(step: "17", kind: .tool)))
    }

    @Test("A drop goes back to its inbox when a power cut lost its bytes and not its acceptance")
    func lostBytes() async throws {
        // The history reached the disk, the drop did not, and no job was reported.
        try Data("hel".utf8).write(to: URL(fileURLWithPath: spool.absolute("processing/a/\(name)/job.json")))
        try move("processing/a/\(name)/job.json", "processing/a/\(name)/drop@default")
        #expect(try await spool.node().takeOver("\(name)", of: "a").isReturned)
        #expect(spool.text("inbox/default/\(name)") == "hel")
        #expect(spool.tree("processing/a") == [])
    }

    @Test("A name in a node's directory that is no job is ignored")
    func noJob() async throws {
        try FileManager.default.createDirectory(
            atPath: spool.absolute("processing/a/lost+found"),
            withIntermediateDirectories: false
        )
        #expect(try await node.takeOver("lost+found", of: "a").isGone)
    }
}
