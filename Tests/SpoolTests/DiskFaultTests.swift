import Documents
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A disk that fails once, at any call")
struct DiskFaultTests {
    static let errors: [Errno] = [.noSpace, .ioError, .permissionDenied, .tooManyOpenFiles]

    @Test("A disk that fails once loses nothing, and the next start repairs the rest", arguments: Scenario.all, errors)
    func nextStart(_ scenario: Scenario, _ error: Errno) async throws {
        var points = 0
        while true {
            let spool = try TestSpool()
            let (told, isOver) = try await scenario.live(in: spool, until: .once(at: points + 1, error))
            if isOver { break }
            points += 1
            let point: Comment = "\(error) at \(points): \(spool.fileSystem.calls.last ?? "")"
            // A drop that could not be opened once may be rejected for that.
            if try spool.root().rejectionNotes().contains(where: { Self.isUnopened($0.reason) }) { continue }
            let aftermath = Aftermath(scenario: scenario, spool: spool, told: told, point: point)
            try await aftermath.check(takenOverBy: "a")
        }
        #expect(points >= 5)
    }

    private static func isUnopened(_ reason: String) -> Bool {
        reason.contains("may not read it") || reason.contains("cannot be opened")
    }

    @Test(
        "A disk that fails once leaves the drop in its inbox at once, to be taken again",
        arguments: [Scenario.accept, .foreign, .keyed, .reject, .carry, .carryForeign, .carryRejected],
        errors
    )
    func sameLife(_ scenario: Scenario, _ error: Errno) async throws {
        var points = 0
        while true {
            let spool = try TestSpool()
            let (_, isOver) = try await scenario.live(in: spool, until: .once(at: points + 1, error))
            if isOver { break }
            points += 1
            let calls = spool.fileSystem.calls
            if calls.last?.hasPrefix("sync") == true { continue }
            if try !spool.root().findJobs(where: { _ in true }).isEmpty {
                #expect(
                    spool.tree("processing/a").count(where: { $0.hasSuffix("job.json") || $0.hasSuffix("/copy") }) == 1,
                    "\(error) \(points)"
                )
                continue
            }
            #expect(spool.tree("processing/a") == [], "\(error) at \(points): \(calls)")
            let root = try spool.root()
            // The next scan of the inbox cleans up claimed drops.
            let node = try await spool.node()
            for name in spool.tree("inbox/\(TestSpool.queue)") {
                guard let job = SpoolLayout.carriedJob(Array(name.utf8)) else { continue }
                _ = try await node.resolveOrphanClaim(job, in: TestSpool.queue)
            }
            let waiting = try root.waitingDrops(of: TestSpool.queue, limit: 10).count
            let rejected = spool.tree("rejected").count { $0.hasSuffix("-a.json") }
            #expect(waiting + rejected == 1, "\(error) at \(points): \(calls)")
        }
        #expect(points >= 15)
    }
}
