import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

/// Random batches with random failures, in a daemon that dies at random records.
@Suite struct BatchCrashTests {
    private static let yaml = """
        retry: {attempts: 2, initial: 1s, max: 1s}
        steps: [{id: a, prompt: "{{input.text}}"}, {id: b, prompt: "{{steps.a.output}}"}]
        """

    /// What the model does at an attempt of a step; always the same for that attempt.
    private static func mood(_ step: String, _ attempt: Int) -> Int {
        Int(step.utf8.reduce(UInt64(attempt)) { ($0 &* 31 &+ UInt64($1)) % 1_000_003 } % 10)
    }

    private static func line(_ number: Int, _ random: inout SeededRandom) -> String {
        let id = random.chance(0.1) ? "same" : "line \(number)"
        return switch Int.random(in: 0..<10, using: &random) {
        case 0: "{\"custom_id\":"
        case 1: "{\"custom_id\":\"\(id)\",\"method\":\"GET\",\"body\":{\"messages\":[]}}"
        case 2, 3: "{\"custom_id\":\"\(id)\",\"params\":{\"messages\":[]}}"
        case 4, 5: "{\"custom_id\":\"\(id)\",\"text\":\"\(number)\"}"
        case 6: "{\"text\":\"\(number)\"}"
        default: "{\"custom_id\":\"\(id)\",\"body\":{\"messages\":[]}}"
        }
    }

    @Test func `each line is exactly once in exactly one of the two files, however the daemon dies`() async throws {
        for seed in 0..<60 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let count = Int.random(in: 1...30, using: &random)
            let text = (1...count).map { Self.line($0, &random) + "\n" }.joined()
            let model = FakeModel { request, step in
                switch Self.mood(step, request.attempt) {
                case 0, 1: throw Failure(.temporary, "busy")
                case 2: throw Failure(.permanent, "no")
                case 3: throw Failure(.temporary, "busy for long", retryAfter: .seconds(100))
                default: return .text("answer to \(step)")
                }
            }
            var bench = WorkflowFixture(model)
            bench.batch = MemoryBytes(text)
            var recorder = bench.recorder()
            var outcome: RunOutcome?
            for life in 0..<200 {
                if life < 100, random.chance(0.8) {
                    let loss = random.pick(MemoryRecorder.Loss.allCases)
                    recorder.die(at: Int.random(in: 1...20, using: &random), losing: loss)
                }
                outcome = try? await bench.run(Self.yaml, recorder)
                if outcome?.output != nil || outcome?.failure != nil { break }
                if case .deferred(let until, _) = outcome { bench.clock.turn(to: until) }
                if let hold = outcome?.hold {
                    recorder.append(.held(hold))
                    recorder.append(.released(Release(Decision(uid: 1, user: "alice"), finding: .again)))
                }
                recorder = recorder.resumed()
            }
            try check(recorder, outcome, text, seed)
        }
    }

    private func check(_ recorder: MemoryRecorder, _ outcome: RunOutcome?, _ text: String, _ seed: UInt64) throws {
        let ids = { (name: String) in
            try (recorder.file(name) ?? []).map { try JSONParser.parse($0)["custom_id"]?.string }
        }
        let (output, errors) = (try ids("output.jsonl"), try ids("errors.jsonl"))
        let count = text.split(separator: "\n").count
        #expect(output.count + errors.count == count, "seed \(seed)")
        #expect(Set(output + errors).count == count, "seed \(seed)")
        let counts: JSON = [
            "total": .int(Int64(count)), "completed": .int(Int64(output.count)), "failed": .int(Int64(errors.count)),
        ]
        // A batch whose lines all fail fails, and its result has no counts.
        #expect((outcome?.failure != nil) == output.isEmpty, "seed \(seed)")
        for (name, value) in counts.object ?? [:] where !output.isEmpty {
            #expect(outcome?.output?["request_counts"]?[name] == value, "seed \(seed)")
        }
        let completed = recorder.events.completed.map(\.step)
        #expect(Set(completed).count == completed.count, "seed \(seed)")
    }
}
