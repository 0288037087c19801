import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A drop that an earlier run took and did not accept")
struct AcceptAgainTests {
    private let spool: TestSpool

    init() throws { spool = try TestSpool() }

    private func id() -> JobID { spool.identifiers.next() }

    /// Leaves a directory as a crash does.
    private func leave(_ job: JobName, _ files: [(name: String, text: String)]) throws {
        let path = spool.absolute("processing/a/\(job)")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    }

    /// What a crash left, and whether the next start finds a drop in it to accept.
    struct Remains: Sendable, CustomTestStringConvertible {
        var what: String
        var files: [(name: String, text: String)]
        var isTakenBefore: Bool
        var testDescription: String { what }
    }

    static let remains = [
        Remains(what: "a drop alone", files: [("drop@default", "text")], isTakenBefore: true),
        Remains(
            what: "a drop and an empty history",
            files: [("drop@default", "text"), ("history.jsonl", "")],
            isTakenBefore: true
        ),
        Remains(
            what: "a drop and half a copy of it",
            files: [("drop@default", "text"), ("copy", "te")],
            isTakenBefore: true
        ),
        Remains(
            what: "a drop and a record",
            files: [("drop@default", "text"), ("history.jsonl", "{")],
            isTakenBefore: false
        ),
        Remains(what: "no drop", files: [], isTakenBefore: false),
        Remains(what: "a copy alone", files: [("copy", "text")], isTakenBefore: false),
        Remains(what: "a drop of a forged place", files: [("drop@..", "text")], isTakenBefore: false),
        Remains(what: "a turn that is none", files: [("drop@default@soon", "text")], isTakenBefore: false),
    ]

    @Test(arguments: remains)
    func `A drop is found again only when it has no record and a valid place`(remains: Remains) async throws {
        let job = JobName(id: id(), dropName: Array("a.txt".utf8))
        try leave(job, remains.files)
        let node = try await spool.node()
        let wanted = SpoolNode.InterruptedAccept(job: job, queue: "default", turn: job.id)
        #expect(try await node.unaccepted() == (remains.isTakenBefore ? [wanted] : []))
    }

    @Test
    func `A drop that an earlier run took is accepted where it lies, under its id and in its turn`() async throws {
        let turns = [id(), id()]
        let own = JobID(time: spool.clock.now + .seconds(500), high: 0, low: 7)
        let jobs = [
            JobName(id: own, dropName: Array("a.txt".utf8)), JobName(id: turns[1], dropName: Array("b.txt".utf8)),
        ]
        try leave(jobs[0], [("drop@default@\(turns[0])", "first"), ("copy", "fi"), ("history.jsonl", "")])
        try leave(jobs[1], [("drop@default", "second")])
        let node = try await spool.node()
        let found = try await node.unaccepted()
        #expect(found.map(\.job) == jobs && found.map(\.turn) == turns)
        for (taken, text) in zip(found, ["first", "second"]) {
            guard case .accepted(let job, _) = try await node.resumeAccept(taken, .lenient()) else {
                throw Unexpected("it was not accepted")
            }
            #expect(job.name == taken.job && job.turn == taken.turn)
            #expect(spool.tree("processing/a/\(job.name)") == ["history.jsonl", "job.txt"])
            #expect(spool.text("processing/a/\(job.name)/job.txt") == text)
        }
        #expect(try await node.unaccepted() == [])
        #expect(try spool.problems() == [])
    }

    @Test func `A drop that an earlier run took keeps its turn when the daemon dies once more`() async throws {
        let turn = id()
        let job = JobName(id: JobID(time: spool.clock.now, high: 0, low: 7), dropName: Array("a.txt".utf8))
        try leave(job, [("drop@default@\(turn)", "text")])
        let first = try await spool.node()
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        let taken = try await first.unaccepted()
        await #expect(throws: (any Error).self) { try await first.resumeAccept(taken[0], .lenient()) }
        spool.fileSystem.before { _ in }
        let claim = try await spool.node().takeOver("\(job)", of: "a")
        #expect(try claim.owned().job.turn == turn)
    }

    @Test func `A drop that an earlier run took goes to rejected when it is no job`() async throws {
        let job = JobName(id: id(), dropName: Array("a.json".utf8))
        try leave(job, [("drop@default", "bad")])
        let node = try await spool.node()
        guard case .rejected(let row, _) = try await node.resumeAccept(node.unaccepted()[0], .lenient()) else {
            throw Unexpected("it was not rejected")
        }
        #expect(row.job == job.id.text && spool.tree("processing/a") == [])
    }

    @Test
    func `A drop that an earlier run took goes back to its inbox when a writer has it open again`() async throws {
        let job = JobName(id: id(), dropName: Array("a.txt".utf8))
        try leave(job, [("drop@default", "text")])
        let node = try await spool.node()
        let taken = try await node.unaccepted()
        let path = spool.absolute("processing/a/\(job)/drop@default")
        let writer = try #require(FileHandle(forWritingAtPath: path))
        guard case .unfinished = try await node.resumeAccept(taken[0], .lenient()) else {
            throw Unexpected("it was taken")
        }
        try writer.close()
        #expect(spool.tree("inbox/default") == ["\(job)"] && spool.tree("processing/a") == [])
    }
}
