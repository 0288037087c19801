import Documents
import Jobs
import Models
import OrderedCollections
import Synchronization
import TestKit
import Testing
import Tools

@testable import Workflow

/// The daemon dies at every record of a workflow with every kind of step, and is started again.
@Suite struct CrashTests {
    private static let yaml = """
        steps:
          - id: classify
            prompt: "T: {{input.text}}"
            output: {type: object, properties: {urgent: {type: boolean}}, required: [urgent]}
          - {id: never, when: not steps.classify.output.urgent, tool: write}
          - {id: look, tool: look, arguments: {text: "{{input.text}}"}}
          - id: handle
            when: steps.classify.output.urgent
            agent: {prompt: "{{steps.look.output}}", tools: [look, put, write]}
          - id: each
            for_each: input.items
            concurrency: CONCURRENCY
            steps:
              - {id: ask, prompt: "{{item}}"}
              - {id: put, tool: put, arguments: {item: "{{item}}"}}
              - {id: write, tool: write, arguments: {item: "{{steps.put.output}}"}}
          - {id: mail, tool: write, arguments: {to: "{{steps.handle.output}}"}}
        output: {mail: "{{steps.mail.output}}", each: "{{steps.each.output}}"}
        """

    /// The outside world, which sees every call and knows what was recorded at the time.
    private final class World: Sendable {
        let recorder: Mutex<MemoryRecorder>
        private let wrongs = Mutex<[String]>([])

        init(_ recorder: MemoryRecorder) { self.recorder = Mutex(recorder) }

        func note(_ step: String, needsIntent: Bool) {
            let recorder = recorder.withLock { $0 }
            if recorder.entry(of: step)?.status == .completed { complain("\(step) ran although it was recorded") }
            if needsIntent, !recorder.isIntentSynced(step) { complain("\(step) ran before its intent was on disk") }
        }

        func complain(_ text: String) { wrongs.withLock { $0.append(text) } }

        var complaints: [String] { wrongs.withLock { $0 } }
    }

    private struct Setting {
        let world: World
        let bench: WorkflowFixture
        let model: FakeModel
        let write: FakeTool
        let yaml: String

        init(concurrency: Int) {
            yaml = CrashTests.yaml.replacing("CONCURRENCY", with: "\(concurrency)")
            let world = World(MemoryRecorder(ManualWallClock()))
            let model = FakeModel { _, step in
                world.note(step, needsIntent: false)
                return switch step {
                case "classify": .text("{\"urgent\":true}")
                case "handle/1/model": .calls(("look", "{}"), ("put", "{}"), ("write", "{}"), ("hack", "{}"))
                default: .text("answer to \(step)")
                }
            }
            let tool = { (name: String, effect: Effect) in
                FakeTool(name, effect) { invocation in
                    world.note(invocation.step, needsIntent: effect != .read)
                    if invocation.idempotencyKey != "\(WorkflowFixture.job.id)/\(invocation.step)" {
                        world.complain("a wrong key")
                    }
                    return .string("\(name) did \(invocation.step)")
                }
            }
            write = tool("write", .write)
            bench = WorkflowFixture(
                model,
                tools: [tool("look", .read), tool("put", .idempotent), write],
                input: ["text": "help", "items": [1, 2, 3]]
            )
            (self.world, self.model) = (world, model)
        }

        func run(_ recorder: MemoryRecorder) async throws -> RunOutcome {
            world.recorder.withLock { $0 = recorder }
            return try await bench.run(yaml, recorder)
        }

        func writes(of step: String) -> Int { write.calls.count { $0.step == step } }
    }

    @Test(arguments: [1, 2])
    func `wherever the daemon dies, the job ends the same, and no write is repeated unasked`(
        concurrency: Int
    ) async throws {
        let reference = Setting(concurrency: concurrency)
        let recorder = reference.bench.recorder()
        let expected = try await reference.run(recorder)
        #expect(expected.output != nil && reference.world.complaints.isEmpty)
        for loss in MemoryRecorder.Loss.allCases {
            for death in 1...recorder.recorded {
                try await dieAndGoOn(at: death, losing: loss, concurrency: concurrency, expected)
            }
        }
    }

    private func dieAndGoOn(
        at death: Int,
        losing loss: MemoryRecorder.Loss,
        concurrency: Int,
        _ expected: RunOutcome
    ) async throws {
        let setting = Setting(concurrency: concurrency)
        let place = Comment("died at record \(death), losing \(loss)")
        var recorder = setting.bench.recorder()
        recorder.die(at: death, losing: loss)
        await #expect(throws: MemoryRecorder.Death.self, place) { try await setting.run(recorder) }
        recorder = recorder.resumed()
        var outcome = try await setting.run(recorder)
        var released: Set<String> = []
        while let hold = outcome.hold {
            let step = try #require(hold.step)
            #expect(hold.reason == .unknownOutcome && recorder.entry(of: step)?.pending?.effect == .write, place)
            #expect(setting.writes(of: step) <= 1, place)
            try #require(released.insert(step).inserted, "\(step) is held again; \(place)")
            recorder.append(.held(hold))
            recorder.append(.released(Release(Decision(uid: 1, user: "alice"), finding: .again)))
            recorder = recorder.resumed()
            outcome = try await setting.run(recorder)
        }
        #expect(outcome == expected, place)
        #expect(setting.world.complaints == [], place)
        for step in Set(setting.write.calls.map(\.step)) {
            #expect(setting.writes(of: step) <= (released.contains(step) ? 2 : 1), "\(step); \(place)")
        }
        let completed = recorder.events.completed.map(\.step)
        #expect(Set(completed).count == completed.count, place)
    }

    @Test func `a job ends although the daemon dies again and again`() async throws {
        for seed in 0..<40 as Range<UInt64> {
            var random = SeededRandom(seed: seed)
            let setting = Setting(concurrency: 2)
            var recorder = setting.bench.recorder()
            var outcome: RunOutcome?
            for _ in 0..<200 {
                if random.chance(0.8) {
                    recorder.die(
                        at: Int.random(in: 1...8, using: &random),
                        losing: random.pick(MemoryRecorder.Loss.allCases)
                    )
                }
                outcome = try? await setting.run(recorder)
                if outcome?.output != nil { break }
                if let hold = outcome?.hold {
                    recorder.append(.held(hold))
                    recorder.append(.released(Release(Decision(uid: 1, user: "alice"), finding: .again)))
                }
                recorder = recorder.resumed()
            }
            #expect(outcome?.output != nil, "seed \(seed)")
            #expect(setting.world.complaints == [], "seed \(seed)")
            let completed = recorder.events.completed.map(\.step)
            #expect(Set(completed).count == completed.count, "seed \(seed)")
        }
    }
}
