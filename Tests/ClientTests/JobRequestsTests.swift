import Documents
import FoundationEssentials
import Jobs
import Spool
import TestKit
import Testing

@testable import Client

@Suite("Requests to the daemon")
struct JobRequestsTests {
    private let bed: ClientSpool

    init() throws {
        bed = try ClientSpool()
        try bed.put(1, "ticket.json")
        try bed.put(2, "order.json")
        try bed.put(3, "old.json", .completed(output: "done"))
    }

    private func carryOut(_ action: JobAction, on selection: JobSelection) async -> ClientError? {
        await bed.failure {
            _ = try await JobRequests(bed.client, action, reason: "a test").carryOut(on: selection) { _ in }
        }
    }

    /// The requests in `control/`.
    private func requests() throws -> [JSON] {
        try names(in: "\(bed.path)/control").map { name in
            try JSONParser.parse(Array(Data(contentsOf: URL(filePath: "\(bed.path)/control/\(name)"))))
        }
    }

    private let waits = "the request waits in control/ and is carried out when one starts"

    @Test("Without a daemon a request says so and stays in control/, in one file for all its jobs")
    func noDaemon() async throws {
        let error = await carryOut(.cancel, on: .named(["ticket.json", "order.json"]))
        #expect(error == ClientError("no daemon is running on \(bed.path); \(waits)", .unavailable))
        let jobs: JSON = .array([1, 2].map { .string(ClientSpool.id($0).text) })
        #expect(try requests() == [["action": "cancel", "jobs": jobs, "reason": "a test"]])
    }

    @Test("A job that is named must fit the request; of a filter's jobs those that do not fit are left out")
    func fit() async throws {
        let named = await carryOut(.cancel, on: .named(["old.json"]))
        #expect(named?.kind == .data)
        #expect(named?.message.hasPrefix("the job \(ClientSpool.id(3)): ") == true)
        #expect(try requests().isEmpty)
        try await bed.makeIndex()
        let filtered = await carryOut(.cancel, on: .matching(JobFilter(queue: "default")))
        #expect(filtered?.kind == .unavailable)
        #expect(try requests().first?["jobs"]?.array?.count == 2)
    }

    @Test("A filter that fits no job asks for nothing")
    func noJobs() async throws {
        try await bed.makeIndex()
        let count = try await JobRequests(bed.client, .retry)
            .carryOut(on: .matching(JobFilter(queue: "other"))) { _ in }
        #expect(count == 0)
        #expect(try requests().isEmpty)
    }

    @Test("An approval is bound to the call that the job asks for now")
    func approval() async throws {
        let asked = ApprovalRequest(step: "send", tool: "mail", arguments: ["to": "a"], why: "always")
        let hold = Hold(reason: .approval, step: "send", message: "may it?", approval: asked)
        try bed.put(4, "mail.json", .held(hold))
        let other = await carryOut(.approve(hash: "xyz"), on: .named(["mail.json"]))
        #expect(other?.kind == .data)
        let none = await carryOut(.approve(), on: .named(["ticket.json"]))
        #expect(none == ClientError("the job \(ClientSpool.id(1)) does not wait for an approval", .data))
        _ = await carryOut(.approve(hash: asked.argumentsHash), on: .named(["mail.json"]))
        let request = try #require(try requests().first)
        #expect(request["step"] == "send" && request["arguments_hash"]?.string == asked.argumentsHash)
    }

    @Test("A daemon that does not answer in time is no failure of the request, which stays there")
    func silentDaemon() async throws {
        let lock = try NodeLock(of: "gone", in: bed.spool, now: Timestamp(milliseconds: 0))
        let error = await carryOut(.hold, on: .named(["ticket.json"]))
        #expect(error?.kind == .temporary)
        #expect(error?.message.hasPrefix("the daemon has not carried the request for") == true)
        #expect(try requests().count == 1)
        withExtendedLifetime(lock) {}
    }

    @Test("A reload without a daemon says that the next start reads the configuration, and leaves no request")
    func reload() async throws {
        let error = await bed.failure { _ = try ReloadRequests(bed.client).ask() }
        #expect(error?.kind == .unavailable)
        #expect(try requests().isEmpty)
    }
}
