import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct StepsTests {
    @Test func `later steps see the outputs of earlier ones, and the last output is the job's`() async throws {
        let tool = FakeTool("find", .read) { $0.arguments }
        let bench = WorkflowFixture(tools: [tool], input: ["n": 5])
        let yaml = """
            steps:
              - {id: a, prompt: hello}
              - {id: b, tool: find, arguments: {said: "{{steps.a.output}}", n: "{{input.n}}"}}
            """
        #expect(try await bench.run(yaml) == .completed(output: ["said": "answer to a", "n": 5]))
        #expect(tool.calls.first?.step == "b" && tool.calls.first?.artifacts == "/artifacts")
    }

    @Test func `the workflow's output is a template over all steps`() async throws {
        let yaml = "{steps: [{id: a, prompt: x}, {id: b, prompt: y}], output: {first: '{{steps.a.output}}'}}"
        #expect(try await WorkflowFixture().run(yaml) == .completed(output: ["first": "answer to a"]))
    }

    @Test func `a step whose condition does not hold is recorded as skipped, once, and its output is null`()
        async throws
    {
        let bench = WorkflowFixture(input: ["go": false])
        let recorder = bench.recorder()
        let yaml =
            "{steps: [{id: a, when: input.go, prompt: x}, {id: b, prompt: y}], output: {a: '{{steps.a.output}}'}}"
        #expect(try await bench.run(yaml, recorder) == .completed(output: ["a": .null]))
        #expect(recorder.entry(of: "a")?.status == .skipped)
        let again = recorder.resumed()
        #expect(try await bench.run(yaml, again) == .completed(output: ["a": .null]))
        #expect(again.recorded == 0)
    }

    @Test func `the output of the last step that was not skipped is the job's`() async throws {
        let yaml = "{steps: [{id: a, prompt: x}, {id: b, when: input.go, prompt: y}]}"
        #expect(try await WorkflowFixture(input: [:]).run(yaml) == .completed(output: "answer to a"))
    }

    @Test func `steps that were recorded are not run again`() async throws {
        let model = FakeModel { _, step in .text(step) }
        let tool = FakeTool("put", .write)
        let bench = WorkflowFixture(model, tools: [tool], input: ["items": [1, 2]])
        let yaml = """
            steps:
              - {id: a, prompt: x}
              - {id: b, tool: put}
              - {id: c, for_each: input.items, steps: [{id: d, tool: put}]}
              - {id: e, agent: {prompt: x}}
            """
        let recorder = bench.recorder()
        let first = try await bench.run(yaml, recorder)
        let again = recorder.resumed()
        #expect(try await bench.run(yaml, again) == first)
        #expect(again.recorded == 0 && model.requests.count == 2 && tool.calls.count == 3)
    }

    @Test func `arguments that do not fit the tool's schema fail the job before the call`() async throws {
        let tool = FakeTool("put", .write, parameters: ["type": "object", "required": ["to"]])
        let outcome = try await WorkflowFixture(tools: [tool]).run("steps: [{id: a, tool: put, arguments: {x: 1}}]")
        #expect(outcome.failure?.class == .permanent)
        #expect(outcome.failure?.message.hasPrefix("the arguments of put do not fit its parameters: ") == true)
        #expect(tool.calls.isEmpty)
    }

    @Test func `the intent of a step with an effect is on disk before the tool is called`() async throws {
        for effect in Effect.allCases {
            let recorder = WorkflowFixture().recorder()
            let tool = FakeTool("put", effect) { invocation in .bool(recorder.isIntentSynced(invocation.step)) }
            let outcome = try await WorkflowFixture(tools: [tool]).run("steps: [{id: a, tool: put}]", recorder)
            #expect(outcome == .completed(output: .bool(effect != .read)))
            #expect(recorder.durableRecords == (effect == .read ? 0 : 1))
            #expect(recorder.events.started.first?.effect == effect)
        }
    }

    @Test func `an outcome is on disk before the next step begins, and the last one's with the job's end`() async throws
    {
        let tool = FakeTool("look", .read)
        for (count, synced) in [(1, 0), (2, 1), (5, 4)] {
            let recorder = WorkflowFixture().recorder()
            let steps = (1...count).map { "{id: s\($0), tool: look}" }.joined(separator: ", ")
            _ = try await WorkflowFixture(tools: [tool]).run("steps: [\(steps)]", recorder)
            #expect(recorder.durableRecords == synced)
        }
    }
}
