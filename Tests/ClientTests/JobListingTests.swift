import Documents
import Jobs
import TestKit
import Testing

@testable import Client

@Suite("Lists of jobs")
struct JobListingTests {
    private let bed: ClientSpool

    init() throws {
        bed = try ClientSpool()
        try bed.put(1, "ticket.json", .completed(output: "done"))
        try bed.put(2, "order.json")
        try write("a prompt", to: "\(bed.path)/inbox/default/prompt.txt")
    }

    @Test("Drops in the inboxes come before the rows of the index, of which the newest is first")
    func merged() async throws {
        try await bed.makeIndex()
        let listing = try await JobListing(of: bed.client, limit: 10)
        #expect(listing.rows.map(\.summary.name) == ["prompt.txt", "order.json", "ticket.json"])
        #expect(listing.rows.map(\.summary.state) == [.waiting, .waiting, .done])
        // A drop has no id before it is taken.
        #expect(listing.rows.map { $0.json["job"]?.string } == [nil, ClientSpool.id(2).text, ClientSpool.id(1).text])
        #expect(listing.failure == nil)
    }

    @Test("The limit counts drops and rows together")
    func limit() async throws {
        try await bed.makeIndex()
        let two = try await JobListing(of: bed.client, limit: 2)
        #expect(two.rows.map(\.summary.name) == ["prompt.txt", "order.json"])
        let one = try await JobListing(of: bed.client, limit: 1)
        #expect(one.rows.map(\.summary.name) == ["prompt.txt"])
    }

    @Test("A filter that no drop can meet leaves the inboxes out")
    func filters() async throws {
        try await bed.makeIndex()
        for filter in [JobFilter(states: [.done]), JobFilter(workflow: "prompt")] {
            let listing = try await JobListing(of: bed.client, filter, limit: 10)
            #expect(!listing.rows.contains { $0.summary.name == "prompt.txt" })
            #expect(listing.rows.contains { $0.summary.name == "ticket.json" })
        }
        let waiting = try await JobListing(of: bed.client, JobFilter(states: [.waiting]), limit: 10)
        #expect(waiting.rows.map(\.summary.name) == ["prompt.txt", "order.json"])
    }

    @Test("Without an index the drops are listed, and the failure says what is missing")
    func noIndex() async throws {
        let listing = try await JobListing(of: bed.client, limit: 10)
        #expect(listing.rows.map(\.summary.name) == ["prompt.txt"])
        #expect(listing.failure?.kind == .noInput)
        #expect(listing.failure?.message.hasPrefix("there is no index at") == true)
    }
}
