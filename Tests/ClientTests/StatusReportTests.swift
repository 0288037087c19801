import Documents
import Jobs
import TestKit
import Testing

@testable import Client

@Suite("The status of a spool")
struct StatusReportTests {
    @Test("A spool without an index and without a daemon has a report that says so, and counts its drops")
    func noIndex() async throws {
        let bed = try ClientSpool()
        try write("a prompt", to: "\(bed.path)/inbox/default/prompt.txt")
        let report = try await StatusReport(of: bed.client)
        #expect(report.queues["default"]?[.waiting]?.count == 1)
        #expect(
            report.notes == [
                "there is no index at \(bed.path)/index.sqlite: run `agentspool reindex`",
                "no daemon is running on this spool; start one with: agentspool run",
            ]
        )
        let queue = report.json["queues"]?.array?.first
        #expect(queue?["queue"] == "default" && queue?["configured"] == true)
        #expect(queue?["waiting"]?["count"] == 1 && queue?["done"]?["count"] == 0)
    }

    @Test("A queue that is not configured any more and has jobs is noted, and a held job is stuck")
    func heldJob() async throws {
        let bed = try ClientSpool(queue: "other")
        try bed.put(1, "ticket.json", .held(Hold(reason: .requested, message: "a look first")))
        try await bed.makeIndex()
        let report = try await StatusReport(of: bed.client)
        #expect(report.stuck.map(\.job) == [ClientSpool.id(1).text])
        #expect(report.queues["default"]?[.held]?.count == 1)
        #expect(
            report.notes.first?.hasPrefix("the queue default is not configured: it takes no drops, and 1 job") == true
        )
    }
}
