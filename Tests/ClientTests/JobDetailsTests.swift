import Documents
import Jobs
import Spool
import TestKit
import Testing

@testable import Client

@Suite("Details and results of jobs")
struct JobDetailsTests {
    private let bed: ClientSpool

    init() throws { bed = try ClientSpool() }

    @Test("A job of a node that is gone waits for a daemon, and its details have its row and its path")
    func waiting() async throws {
        try bed.put(1, "ticket.json")
        let details = try await JobDetails(of: "ticket.json", bed.client)
        #expect(details.report.waitsFor?.hasPrefix("a daemon: the node that has it is not running") == true)
        #expect(details.json["job"]?.string == ClientSpool.id(1).text)
        #expect(details.json["path"]?.string == "\(bed.path)/processing/gone/\(ClientSpool.id(1))-ticket.json")
        #expect(details.json["retry"]?["safe"] == true)
        #expect(try details.requireSummary().state == .waiting)
    }

    @Test("A job whose history cannot be read has details and no row")
    func unreadable() async throws {
        let name = "\(ClientSpool.id(1))-ticket.json"
        try bed.spool.fileSystem.ensureDirectory("held/\(name)", in: bed.spool.root, mode: 0o700)
        try write("nonsense\n", to: "\(bed.path)/held/\(name)/history.jsonl")
        let details = try await JobDetails(of: "ticket.json", bed.client)
        let error = await bed.failure { _ = try details.requireSummary() }
        #expect(error == ClientError("held/\(name) has no history that can be read; see agentspool verify", .data))
        #expect(details.json["state"] == nil)
    }

    @Test("A drop that was rejected is found as such, and is no job")
    func rejected() async throws {
        let job = JobName(id: ClientSpool.id(1), dropName: Array("bad.json".utf8))
        let at = Timestamp(milliseconds: 1_795_485_600_000)
        let note = RejectionNote(job: job, queue: "default", ownerUID: 0, at: at, reason: "it is no JSON")
        try bed.spool.fileSystem.ensureDirectory("rejected/\(at.day)", in: bed.spool.root, mode: 0o700)
        try write("{", to: "\(bed.path)/rejected/\(at.day)/\(job)")
        try write(String(decoding: note.bytes, as: UTF8.self), to: "\(bed.path)/rejected/\(at.day)/\(note.fileName)")
        let drop = try #require(try RejectedDrop(of: "bad.json", bed.client))
        #expect(drop.json["reason"] == "it is no JSON" && drop.json["duplicate_of"]?.isNull == true)
        let error = await bed.failure { _ = try await JobDetails(of: "bad.json", bed.client) }
        #expect(error?.kind == .data)
        #expect(
            error?.message.hasPrefix("bad.json was rejected: it is no JSON\nIt lies in \(drop.path); mend it") == true
        )
    }

    @Test("A job that has ended is waited for no longer, and its output is its result")
    func result() async throws {
        let replay = try bed.put(1, "ticket.json", .completed(output: ["answer": 42]))
        let ended = try await JobWait(bed.client, job: replay.name).end { _, _ in }
        let result = JobResult(ended)
        #expect(try result.outcome() == .completed)
        #expect(result.outputText == "{\n  \"answer\": 42\n}")
        #expect(try await JobWait(bed.client, job: replay.name.id).end { _, _ in } == ended)
    }

    @Test("A job that runs has no result yet, and one that is held ends a wait")
    func noResult() async throws {
        let waiting = JobResult(try bed.put(1, "ticket.json"))
        let error = await bed.failure { _ = try waiting.outcome() }
        #expect(error == ClientError("the job is waiting and has no result yet", .temporary))
        let held = try bed.put(2, "order.json", .held(Hold(reason: .requested, message: "a look first")))
        let other = await bed.failure { _ = try await JobWait(bed.client, job: held.name).end { _, _ in } }
        #expect(other == ClientError("the job is held (requested): a look first", .temporary))
    }
}
