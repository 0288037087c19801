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

    @Test("An index that a running daemon has not written yet is no problem, and one that stays behind is")
    func behind() async throws {
        let bed = try ClientSpool()
        try await bed.makeIndex()
        try bed.put(1, "ticket.json", .failed(step: nil, Failure(.permanent, "no")))
        let verification = SpoolVerification(bed.client)
        #expect(try await verification.check(nil).problems.map(\.kind) == [.drop, .result, .index])
        #expect(bed.clock.now.offset == .zero)

        let daemon = try NodeLock(of: "a", in: bed.spool, now: bed.client.wallClock.now)
        #expect(try await verification.check(nil).problems.map(\.kind) == [.drop, .result, .index])
        #expect(bed.clock.now.offset <= .seconds(3))
        bed.clock.duringPauses { [bed] in try await bed.makeIndex() }
        #expect(try await verification.check(nil).problems.map(\.kind) == [.drop, .result])
        withExtendedLifetime(daemon) {}
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
