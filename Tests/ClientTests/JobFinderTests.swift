import Documents
import Jobs
import Spool
import Testing

@testable import Client

@Suite("Finding jobs")
struct JobFinderTests {
    private let bed: ClientSpool
    private let first = ClientSpool.id(1).text

    init() throws {
        bed = try ClientSpool()
        try bed.put(1, "ticket.json")
        try bed.put(2, "order.json", .completed(output: "done"))
    }

    @Test("A job is found by its id, a part of it in any case, its drop's name, and both together")
    func waysToCall() async throws {
        let finder = JobFinder(bed.client)
        for text in [first, first.lowercased(), String(first.suffix(4)), "ticket.json", "\(first)-ticket.json"] {
            let location = try await finder.find(text)
            #expect(location.job.id.text == first, "\(text)")
            #expect(location.directory == "processing/gone")
        }
    }

    @Test("A part of an id that several jobs have is no answer, and the error names them")
    func severalJobs() async throws {
        let finder = JobFinder(bed.client)
        let error = await bed.failure { _ = try await finder.find(String(first.prefix(10))) }
        #expect(error?.kind == .usage)
        #expect(error?.message.contains("means 2 jobs; say which:\n  \(first)-ticket.json") == true)
    }

    @Test("A part of an id that is too short means no job")
    func shortPart() async throws {
        let finder = JobFinder(bed.client)
        let error = await bed.failure { _ = try await finder.find(String(first.prefix(3))) }
        #expect(error == ClientError("there is no job \"\(first.prefix(3))\" in \(bed.path)", .noInput))
    }

    @Test("A job that was found has the history that its state comes from")
    func read() async throws {
        let found = try await JobFinder(bed.client).read("order.json")
        #expect(found.replay.outcome == .completed)
        #expect(found.history.records.count == 2)
        #expect(try found.lines(in: bed.spool).count == 2)
    }

    @Test("With an index, a whole id is found without a search, and without one all the same")
    func index() async throws {
        try await bed.makeIndex()
        #expect(try await JobFinder(bed.client).find(first).job.drop == "ticket.json")
    }
}
