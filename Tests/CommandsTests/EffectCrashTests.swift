import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing

/// kill -9 while tools of every effect run, with a ledger that says what they really did.
@Suite("After kill -9, by the tools' effects", .serialized)
struct EffectCrashTests {
    private static let kills = 300

    private static let configuration = """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        tools:
          look: {command: [tools/note, look], effect: read}
          keep: {command: [tools/note, keep], effect: idempotent}
          sure: {command: [tools/note, sure], effect: write, check: [tools/check]}
          risk: {command: [tools/note, risk], effect: write}
        workflows:
          crash:
            retry: {attempts: 5, initial: 10ms, max: 50ms}
            steps:
              - {id: a, tool: look}
              - {id: b, tool: keep}
              - {id: c, tool: sure}
              - {id: d, tool: risk}
        queues: {default: {workflow: crash, concurrency: 4}}
        workers: {concurrency: 4, deaths: 1000}
        """

    /// Notes its work in the middle of its run, so that kills come before and after.
    private static let note = """
        #!/bin/sh
        sleep 0.02
        printf '%s %s\\n' "$1" "$AGENTSPOOL_IDEMPOTENCY_KEY" >> ledger
        sleep 0.02
        echo noted

        """

    private static let check = """
        #!/bin/sh
        grep -q "^sure $AGENTSPOOL_IDEMPOTENCY_KEY\\$" ledger || exit 1
        echo noted

        """

    private func ledger(_ spool: TestSpool) -> [(tool: String, key: String)] {
        spool.read("ledger").split(separator: "\n").map { line in
            let parts = line.split(separator: " ").map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// The jobs that the node has claimed and whose riskiest step was begun and has no outcome.
    private func inDoubt(_ spool: TestSpool) throws -> [String] {
        let root = try spool.root()
        return try root.jobs(in: SpoolLayout.processing(of: "test")).filter { location in
            let records = try root.history(of: location)?.records ?? []
            return JobReplay(name: location.job, records: records).steps["d"]?.pending != nil
        }.map(\.job.id.text)
    }

    @Test("After kill -9 each effect keeps its promise, and every job with an unknown write is held")
    func effects() async throws {
        let seed = ProcessInfo.processInfo.environment["AGENTSPOOL_SEED"].flatMap(UInt64.init) ?? .random(in: 0...9_999)
        print("AGENTSPOOL_SEED=\(seed)")
        var generator = SeededRandom(seed: seed)
        let spool = try TestSpool(
            configuration: Self.configuration,
            files: ["tools/note": Self.note, "tools/check": Self.check, "ledger": ""]
        )
        var doubtful: Set<String> = []
        var dropped = 0
        for _ in 0..<Self.kills {
            try spool.drop("{}", as: "job\(dropped).json")
            dropped += 1
            try await spool.startDaemon()
            try await Task.sleep(for: .microseconds(Int.random(in: 0...150_000, using: &generator)))
            spool.killDaemon()
            doubtful.formUnion(try inDoubt(spool))
        }
        try await spool.startDaemon()
        try await spool.untilSettled(dropped)
        #expect(try spool.stopDaemon() == 0)

        let jobs = try spool.jobs()
        #expect(jobs.count == dropped, "seed \(seed)")
        let held = Set(jobs.filter { $0.location.directory == "held" }.map(\.location.job.id.text))
        #expect(held == doubtful && !held.isEmpty, "seed \(seed)")
        #expect(jobs.allSatisfy { $0.location.directory == "held" || $0.location.directory.hasPrefix("done/") })

        let ledger = ledger(spool)
        for (tool, step) in [("sure", "c"), ("risk", "d")] {
            let keys = ledger.filter { $0.tool == tool }.map(\.key)
            #expect(keys.count == Set(keys).count, "seed \(seed): \(tool) ran twice")
            let done = jobs.filter { $0.replay.steps[step]?.status == .completed }.map {
                "\($0.location.job.id)/\(step)"
            }
            #expect(Set(done).isSubset(of: keys), "seed \(seed): \(tool) was recorded and never ran")
        }
        // Tools that may run again did so, each time with the step's own key.
        for (tool, step) in [("look", "a"), ("keep", "b")] {
            let keys = ledger.filter { $0.tool == tool }.map(\.key)
            #expect(keys.count > Set(keys).count, "seed \(seed): no kill met \(tool)")
            #expect(Set(keys) == Set(jobs.map { "\($0.location.job.id)/\(step)" }), "seed \(seed)")
        }
        #expect(jobs.contains { $0.history.records.contains(where: { $0.event.isChecked }) }, "seed \(seed)")
        let verified = try spool.agentspool("verify")
        #expect(verified.status == 0, "seed \(seed): \(verified.output)")
    }
}

extension JobEvent {
    fileprivate var isChecked: Bool { if case .stepCompleted(let step) = self { step.isChecked } else { false } }
}
