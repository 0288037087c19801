import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing

/// kill -9 at random moments, and what must be true afterwards.
///
/// The seed is printed; give it in AGENTSPOOL_SEED to see the same moments again.
@Suite("After kill -9", .serialized)
struct CrashTests {
    private static let kills = 50
    private static let jobs = 200

    /// Five steps: three tools that note their key in a ledger, two model calls between them.
    private static func configuration(effect: Effect) -> String {
        let tool = "{command: [tools/note], effect: \(effect.rawValue), timeout: 20s}"
        return """
            models: {default: {provider: scripted, script: scripted-model.yaml}}
            tools:
              note: \(tool)
            workflows:
              crash:
                retry: {attempts: 5, initial: 10ms, max: 50ms}
                steps:
                  - {id: one, tool: note, arguments: {}}
                  - {id: two, prompt: a haiku}
                  - {id: three, tool: note, arguments: {}}
                  - {id: four, prompt: another haiku}
                  - {id: five, tool: note, arguments: {}}
            queues: {default: {workflow: crash, concurrency: 4}}
            # No step here brings the daemon down; being killed thrice in one is chance.
            workers: {concurrency: 4, deaths: 1000}
            """
    }

    private static let note = """
        #!/bin/sh
        printf '%s\\n' "$AGENTSPOOL_IDEMPOTENCY_KEY" >> ledger
        sleep 0.02
        echo noted

        """

    private struct Witness {
        /// Steps whose completion was recorded when the daemon was killed, by key.
        var recorded: Set<String> = []
        /// Steps with an intent and no outcome when the daemon was killed: job ids.
        var doubtful: Set<String> = []
        /// Keys that were noted again although their step had been recorded before a kill.
        var repeated: [String] = []
        private var seenLines = 0

        mutating func look(at spool: TestSpool) throws {
            let lines = ledger(of: spool)
            repeated += lines.dropFirst(seenLines).filter(recorded.contains)
            seenLines = lines.count
            for (location, _, replay) in try spool.jobs() {
                for (path, entry) in replay.steps.entries where entry.kind == .tool {
                    let key = "\(location.job.id)/\(path)"
                    if entry.status == .completed { recorded.insert(key) }
                    if entry.pending != nil { doubtful.insert(location.job.id.text) }
                }
            }
        }
    }

    private static func ledger(of spool: TestSpool) -> [String] {
        spool.read("ledger").split(separator: "\n").map(String.init)
    }

    private func seed() -> UInt64 {
        let seed = ProcessInfo.processInfo.environment["AGENTSPOOL_SEED"].flatMap(UInt64.init) ?? .random(in: 0...9_999)
        print("AGENTSPOOL_SEED=\(seed)")
        return seed
    }

    /// Drops the jobs, kills the daemon again and again, and lets the last one finish.
    private func run(_ spool: TestSpool, seed: UInt64) async throws -> Witness {
        var generator = SeededRandom(seed: seed)
        for index in 0..<Self.jobs { try spool.drop("{}", as: "job\(index).json") }
        var witness = Witness()
        for _ in 0..<Self.kills {
            try await spool.startDaemon()
            try await Task.sleep(for: .microseconds(Int.random(in: 0...120_000, using: &generator)))
            spool.killDaemon()
            try witness.look(at: spool)
        }
        try await spool.startDaemon()
        try await spool.untilSettled(Self.jobs)
        #expect(try spool.stopDaemon() == 0)
        try witness.look(at: spool)
        return witness
    }

    private func expectNoStepCompletedTwice(_ spool: TestSpool) throws {
        for (location, history, _) in try spool.jobs() {
            let completed = history.records.compactMap { record in
                if case .stepCompleted(let step) = record.event { step.step } else { nil }
            }
            #expect(completed.count == Set(completed).count, "\(location.job) completed a step twice: \(completed)")
        }
    }

    @Test("After kill -9 every job with idempotent tools ends in done, and no recorded step runs again")
    func idempotentTools() async throws {
        let spool = try TestSpool(
            configuration: Self.configuration(effect: .idempotent),
            files: ["tools/note": Self.note]
        )
        let seed = seed()
        let witness = try await run(spool, seed: seed)

        #expect(try spool.places() == ["done": Self.jobs], "seed \(seed)")
        let noted = Set(Self.ledger(of: spool))
        for (location, _, _) in try spool.jobs() {
            for step in ["one", "three", "five"] {
                #expect(noted.contains("\(location.job.id)/\(step)"), "seed \(seed): \(location.job) never ran \(step)")
            }
        }
        #expect(witness.repeated == [], "seed \(seed)")
        try expectNoStepCompletedTwice(spool)
        let verified = try spool.agentspool("verify")
        #expect(verified.status == 0, "seed \(seed): \(verified.output)")
    }

    @Test("After kill -9 no write tool runs twice, and every job with an unknown outcome is held")
    func writeTools() async throws {
        let spool = try TestSpool(configuration: Self.configuration(effect: .write), files: ["tools/note": Self.note])
        let seed = seed()
        let witness = try await run(spool, seed: seed)

        let ledger = Self.ledger(of: spool)
        #expect(ledger.count == Set(ledger).count, "seed \(seed): a key is in the ledger twice")
        let jobs = try spool.jobs()
        let held = Set(jobs.filter { $0.location.directory == "held" }.map(\.location.job.id.text))
        #expect(held == witness.doubtful, "seed \(seed)")
        #expect(!held.isEmpty, "seed \(seed): no kill met a running tool")
        #expect(
            jobs.allSatisfy { ["held"].contains($0.location.directory) || $0.location.directory.hasPrefix("done/") }
        )
        #expect(jobs.count == Self.jobs)
        try expectNoStepCompletedTwice(spool)
        let verified = try spool.agentspool("verify")
        #expect(verified.status == 0, "seed \(seed): \(verified.output)")
    }
}
