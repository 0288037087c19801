import Documents
import Jobs
import Spool
import TestKit
import Testing

@testable import Client

@Suite("Checks of a spool")
struct SpoolVerificationTests {
    @Test("Results and index rows that are missing are found, and made again by a repair")
    func repair() async throws {
        let bed = try ClientSpool()
        try bed.put(1, "ticket.json", .failed(step: nil, Failure(.permanent, "no")))
        let verification = SpoolVerification(bed.client)
        let findings = try await verification.check(nil)
        #expect(findings.jobs == 1)
        #expect(findings.problems.map(\.kind) == [.drop, .result, .index])
        let left = try await verification.repair(findings.problems) { _ in }
        // A drop that is gone cannot be made again.
        #expect(left.map(\.kind) == [.drop])
    }

    @Test("A configuration is reported with what each queue would do")
    func configuration() throws {
        let bed = try ClientSpool()
        let report = try ConfigurationReport(of: bed.client.configurationPath, environment: [:])
        #expect(report.json["ok"] == true)
        #expect(report.queues.map(\.name) == ["default"])
        #expect(report.queues.first.flatMap(report.workflow)?.models == ["default"])
    }
}
