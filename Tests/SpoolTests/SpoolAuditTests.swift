import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("The audit")
struct SpoolAuditTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let job: OwnedJob
    private let place: String

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        job = try await node.accepted(spool.drop("a.json")).0
        try await node.commit(.step(.completed("one")), on: job)
        try await node.commit(.failNow, on: job)
        place = "failed/\(spool.clock.now.day)/\(job.name)"
    }

    private func write(_ text: String, _ file: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: spool.absolute("\(place)/\(file)")))
    }

    private func remove(_ file: String) throws {
        try FileManager.default.removeItem(atPath: spool.absolute("\(place)/\(file)"))
    }

    private func problem() throws -> SpoolProblem {
        let (problems, count) = try SpoolAudit(spool: spool.root()).allProblems()
        #expect(count == 1)
        try #require(problems.count == 1, "\(problems)")
        #expect(problems[0].job == job.name)
        return problems[0]
    }

    @Test("The audit finds nothing wrong with a sound job")
    func sound() throws { #expect(try spool.problems() == []) }

    @Test("The audit finds a changed byte, wherever it is in a record")
    func changedByte() throws {
        let path = "\(place)/history.jsonl"
        let bytes = Array(try #require(spool.text(path)).utf8)
        for offset in stride(from: 0, to: bytes.count - 1, by: 13) where bytes[offset] != UInt8(ascii: "\n") {
            var changed = bytes
            changed[offset] ^= 1
            try Data(changed).write(to: URL(fileURLWithPath: spool.absolute(path)))
            #expect(try problem().kind == .history, "offset \(offset)")
        }
    }

    @Test("The audit finds a torn tail")
    func tornTail() throws {
        let text = try #require(spool.text("\(place)/history.jsonl"))
        try write(text + "{\"seq\":4,\"epo", "history.jsonl")
        #expect(try problem().message == "line 4 was cut short; a restart cuts it off")
    }

    @Test("The audit finds a line that is missing")
    func missingLine() throws {
        let lines = try #require(spool.text("\(place)/history.jsonl")).split(separator: "\n")
        try write(lines[0] + "\n" + lines[2] + "\n", "history.jsonl")
        #expect(try problem().message == "line 2 does not fit the chain: it was changed")
    }

    @Test("The audit finds a history that is missing or empty")
    func noHistory() throws {
        try write("", "history.jsonl")
        #expect(try problem().message == "the job was never accepted")
        try remove("history.jsonl")
        #expect(try problem().message == "the job was never accepted")
    }

    @Test("The audit finds a drop that is missing")
    func missingDrop() throws {
        try remove("job.json")
        #expect(try problem().text.hasSuffix("drop: job.json is missing"))
    }

    @Test("The audit finds a drop that was changed")
    func changedDrop() throws {
        try write("hallo", "job.json")
        #expect(try problem().text.hasSuffix("drop: job.json is not what was accepted"))
    }

    @Test("The audit finds a result that is missing or changed, and makes it again")
    func result() throws {
        let text = try #require(spool.text("\(place)/result.json"))
        try write("{}", "result.json")
        #expect(try problem().isResult)
        try remove("result.json")
        let problem = try problem()
        #expect(problem.isResult)
        try SpoolAudit(spool: spool.root()).repairResult(of: problem)
        #expect(spool.text("\(place)/result.json") == text)
        #expect(try spool.problems() == [])
    }

    @Test(
        "The audit finds a job directory that is in the wrong place",
        arguments: ["held", "done/2026-11-24", "failed/1999-01-01"]
    )
    func misplaced(_ elsewhere: String) throws {
        try FileManager.default.createDirectory(atPath: spool.absolute(elsewhere), withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: spool.absolute(place),
            toPath: spool.absolute("\(elsewhere)/\(job.name)")
        )
        let message = try problem().message
        #expect(message == "it lies in \(elsewhere)/, and its history says that it is failed")
    }

    @Test("The audit does not check the jobs of a living node")
    func living() async throws {
        let lock = try NodeLock(of: "a", in: spool.root(), now: spool.clock.now)
        _ = try await node.accepted(spool.drop("b.json"))
        #expect(try SpoolAudit(spool: spool.root()).allProblems().jobs == 1)
        withExtendedLifetime(lock) {}
    }
}
