import Documents
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A node that is killed at any call")
struct CrashTests {
    @Test("A node that is killed at any call loses nothing when its next run takes over", arguments: Scenario.all)
    func ownTakeOver(_ scenario: Scenario) async throws { try await killEverywhere(scenario, successor: "a") }

    @Test("A node that is killed at any call loses nothing when another node takes over", arguments: Scenario.all)
    func otherTakeOver(_ scenario: Scenario) async throws { try await killEverywhere(scenario, successor: "b") }

    private func killEverywhere(_ scenario: Scenario, successor: String) async throws {
        var points = 0
        while true {
            let spool = try TestSpool()
            let (told, isOver) = try await scenario.live(in: spool, until: .death(at: points + 1))
            if isOver { break }
            points += 1
            let point: Comment = "killed at \(points): \(spool.fileSystem.calls.last ?? "")"
            let aftermath = Aftermath(scenario: scenario, spool: spool, told: told, point: point)
            try await aftermath.check(takenOverBy: successor)
        }
        #expect(points >= 3)
    }

    @Test(
        "Nothing is lost when the take-over is killed at any call, too",
        arguments: [Scenario.accept, .foreign, .carry, .carryRejected, .steps, .fail, .retry]
    )
    func secondDeath(_ scenario: Scenario) async throws {
        var points = 0
        for first in 1... {
            var isFirstOver = false
            for second in 1... {
                let spool = try TestSpool()
                let (told, isOver) = try await scenario.live(in: spool, until: .death(at: first))
                isFirstOver = isOver
                if isOver { break }
                let between = try await spool.node("b")
                spool.fileSystem.forgetCalls()
                spool.fileSystem.arm(.death(at: second))
                for job in (try? await between.jobs(of: "a")) ?? [] { _ = try? await between.takeOver(job, of: "a") }
                let hasStruck = spool.fileSystem.hasStruck
                let call = spool.fileSystem.calls.last ?? ""
                spool.fileSystem.disarm()
                if !hasStruck { break }
                points += 1
                let point: Comment = "killed at \(first), then at \(second): \(call)"
                // Jobs that b did not take still belong to a; b's next run takes over those that b took.
                let aftermath = Aftermath(scenario: scenario, spool: spool, told: told, point: point)
                if spool.tree("processing/a").isEmpty {
                    try await aftermath.check(takenOverBy: "b", from: "b")
                } else {
                    try await aftermath.check(takenOverBy: "b", from: "a")
                }
            }
            if isFirstOver { break }
        }
        #expect(points >= 20)
    }
}
