import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("Committing a record")
struct CommitTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let job: OwnedJob
    private var day: String { spool.clock.now.day }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        job = try await node.accepted(spool.drop("a.json")).0
        spool.fileSystem.forgetCalls()
    }

    private func calls() -> [String] {
        spool.fileSystem.calls.map { $0.replacing("\(job.name)", with: "J") }
    }

    @Test("A commit about a step is one write and one sync")
    func step() async throws {
        let (record, replay) = try await node.commit(.step(.started("one")), on: job)
        #expect(record.seq == 2)
        #expect(replay.life.state == .running)
        #expect(calls() == ["write processing/a/J/history.jsonl", "sync data processing/a/J/history.jsonl"])
    }

    @Test("A note about a step without an effect is one write and no sync")
    func note() async throws {
        _ = try await node.note(.started("one"), on: job)
        #expect(calls() == ["write processing/a/J/history.jsonl"])
    }

    @Test("Files that a step left are synced, where there are any")
    func artifacts() async throws {
        try await node.syncArtifacts(of: job)
        let path = spool.absolute("processing/a/\(job.name)/artifacts")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try await node.syncArtifacts(of: job)
        #expect(calls() == [])
        try Data("receipt".utf8).write(to: URL(fileURLWithPath: "\(path)/receipt"))
        try await node.syncArtifacts(of: job)
        #expect(calls() == ["sync fileSystem "])
    }

    @Test("Completing a job writes the result, syncs, and moves the job to the day's done")
    func complete() async throws {
        try await node.commit(.completeNow, on: job)
        #expect(
            calls() == [
                "write processing/a/J/history.jsonl", "create processing/a/J/result.json",
                "write processing/a/J/result.json", "sync data processing/a/J/history.jsonl",
                "sync data processing/a/J/result.json", "sync all processing/a/J", "mkdir done/\(day)",
                "rename processing/a/J -> done/\(day)/J", "sync all processing/a", "sync all done/\(day)",
                "sync all done",
            ]
        )
        let result = try JSONParser.parse(Array(#require(spool.text("done/\(day)/\(job.name)/result.json")).utf8))
        #expect(result["outcome"] == "completed")
        #expect(result["output"] == ["done": true])
        #expect(spool.tree("done/\(day)/\(job.name)") == ["history.jsonl", "job.json", "result.json"])
    }

    @Test("Failing a job writes an error for a person, and moves the job to the day's failed")
    func fail() async throws {
        try await node.commit(.failNow, on: job)
        let place = "failed/\(day)/\(job.name)"
        #expect(spool.tree(place) == ["error.txt", "history.jsonl", "job.json", "result.json"])
        #expect(try #require(spool.text("\(place)/error.txt")).contains("it broke"))
    }

    @Test("Cancelling a job moves it to failed, and its outcome is cancelled")
    func cancel() async throws {
        let (_, replay) = try await node.commit(.cancel(.admin), on: job)
        #expect(replay.outcome == .cancelled)
        #expect(spool.exists("failed/\(day)/\(job.name)/error.txt"))
    }

    @Test("Deferring a job moves it under its due time")
    func deferred() async throws {
        let until = spool.clock.now + .milliseconds(3_600_001)
        try await node.commit(.deferUntil(until, reason: "later"), on: job)
        #expect(spool.exists("deferred/20261124T030001Z.\(job.name)/history.jsonl"), "\(spool.tree("deferred"))")
        #expect(calls().suffix(2) == ["sync all processing/a", "sync all deferred"])
    }

    @Test("Holding a job moves it to held")
    func held() async throws {
        try await node.commit(.holdNow, on: job)
        #expect(spool.exists("held/\(job.name)/history.jsonl"))
        #expect(calls().suffix(2) == ["sync all processing/a", "sync all held"])
    }

    @Test("Retrying a job durably removes its result, and makes it due now")
    func retry() async throws {
        try await node.commit(.failNow, on: job)
        let found = try #require(try spool.root().findJobs { _ in true }.first)
        let adopted = try await node.adopt(found.job, from: found.directory, named: found.entry)
        let again = try #require(adopted).0
        spool.fileSystem.forgetCalls()
        try await node.commit(.retry(.admin), on: again)
        let place = "deferred/20261124T020000Z.\(job.name)"
        #expect(spool.tree(place) == ["history.jsonl", "job.json"])
        let calls = calls()
        #expect(calls.contains("sync all processing/a/J"))
    }

    @Test("A commit on a job that went elsewhere is refused")
    func moved() async throws {
        try await node.commit(.holdNow, on: job)
        await #expect(throws: SpoolError.self) { try await node.commit(.cancel(.admin), on: job) }
        #expect(try spool.problems() == [])
    }

    @Test("A command that the job's state does not allow is refused, and nothing is written")
    func illegal() async throws {
        await #expect(throws: IllegalTransition.self) { try await node.commit(.retry(.admin), on: job) }
        #expect(calls() == [])
    }

    @Test("A failed write is undone: the history has whole records, and the next one fits")
    func takenBack() async throws {
        for error in [Errno.noSpace, .ioError] {
            spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("write") { throw error } }
            await #expect(throws: SpoolError.self) { try await node.commit(.step(.started("one")), on: job) }
            spool.fileSystem.before { _ in }
        }
        spool.fileSystem.cutWrites(true)
        let error = await #expect(throws: SpoolError.self) { try await node.commit(.step(.started("one")), on: job) }
        #expect(error?.cause == .noSpace)
        spool.fileSystem.cutWrites(false)
        #expect(try spool.problems() == [])
        try await node.commit(.step(.started("two")), on: job)
        #expect(try spool.problems() == [])
        #expect(job.replay.steps["one"] == nil)
    }

    @Test("After half a line that cannot be undone, no record follows until the job is taken over")
    func torn() async throws {
        spool.fileSystem.arm(.death(at: 1))
        await #expect(throws: SpoolError.self) { try await node.commit(.step(.started("one")), on: job) }
        spool.fileSystem.disarm()
        await #expect(throws: SpoolError.self) { try await node.commit(.step(.started("two")), on: job) }
        #expect(try spool.problems().map { $0.contains("line 2 was cut short") } == [true])
        let (again, records) = try await node.takeOver("\(job.name)", of: "a").owned()
        #expect(records.map(\.seq) == [1, 2])
        try await node.commit(.step(.started("three")), on: again)
        #expect(try spool.problems() == [])
    }

    @Test("Commits by many steps at once keep every record whole and in order")
    func concurrent() async throws {
        let (node, job) = (node, job)
        try await withThrowingTaskGroup { group in
            for index in 0..<100 { group.addTask { _ = try await node.commit(.step(.completed("\(index)")), on: job) } }
            try await group.waitForAll()
        }
        #expect(job.replay.life.seq == 101)
        #expect(try spool.problems() == [])
    }

    @Test("A result file has its name only once it is finished, and the drop can be read")
    func files() async throws {
        let path = "processing/a/\(job.name)"
        for text in ["1\n", "2\n"] {
            let file = try await JobFile("out.jsonl", in: job, of: node)
            try await file.append(Array(text.utf8))
            try await file.append(Array("end\n".utf8))
            #expect(spool.text("\(path)/out.jsonl") == (text == "1\n" ? nil : "1\nend\n"))
            spool.fileSystem.forgetCalls()
            try await file.finish()
            #expect(spool.text("\(path)/out.jsonl") == "\(text)end\n")
            #expect(calls().filter { $0.hasPrefix("sync") }.count == 2 && calls().last == "sync all processing/a/J")
        }
        try await JobFile("out.jsonl", in: job, of: node).discard()
        #expect(spool.tree(path) == ["history.jsonl", "job.json"])
        #expect(try await node.drop(of: job) == Array("hello".utf8))
        #expect(try await node.drop(of: job, limit: 2).count > 2)
    }
}
