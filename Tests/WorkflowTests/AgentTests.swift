import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct AgentTests {
    private let yaml = "steps: [{id: a, agent: {system: S, prompt: go, tools: [find, put], max_turns: 3}}]"
    private let find = FakeTool(
        "find",
        .read,
        parameters: ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]]
    ) { _ in ["found": true] }

    @Test func `a model calls tools in turns, each turn and call a step of its own, until it answers`() async throws {
        let model = FakeModel(
            answers: [.calls(("find", "{\"n\":1}"), ("put", "")), .calls(("find", "{\"n\":2}")), .text("done")]
        )
        let put = FakeTool("put", .write)
        let bench = WorkflowFixture(model, tools: [find, put])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(
            recorder.events.completed.map(\.step)
                == ["a/1/model", "a/1/tool/0", "a/1/tool/1", "a/2/model", "a/2/tool/0", "a/3/model", "a"]
        )
        #expect(find.calls.map(\.arguments) == [["n": 1], ["n": 2]])
        #expect(put.calls.first?.idempotencyKey == "\(WorkflowFixture.job.id)/a/1/tool/1")
        #expect(model.requests[0].messages == [ChatMessage(.system, "S"), ChatMessage(.user, "go")])
        #expect(model.requests[0].tools.map(\.name) == ["find", "put"])
        let answers = model.requests[1].messages.suffix(2)
        #expect(
            Array(answers) == [
                ChatMessage(.tool, "{\"found\":true}", toolCallID: "call-0"),
                ChatMessage(.tool, "did a/1/tool/1", toolCallID: "call-1"),
            ]
        )
        #expect(recorder.usage.modelCalls == 3 && recorder.usage.toolCalls == 3)
    }

    @Test(arguments: ["time__now", "time.now"])
    func `a server's tool has a name for models that providers allow, and its own name elsewhere`(called: String)
        async throws
    {
        let model = FakeModel(answers: [.calls((called, "{}")), .text("done")])
        let now = FakeTool("time.now", .read)
        let bench = WorkflowFixture(model, tools: [now])
        let recorder = bench.recorder()
        let yaml = "steps: [{id: a, agent: {prompt: go, tools: [time.now]}}]"
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(model.requests[0].tools.map(\.name) == ["time__now"])
        #expect(now.calls.count == 1)
        #expect(recorder.entry(of: "a/1/tool/0")?.tool == "time.now")
    }

    @Test(arguments: [
        ("hack", "{}", FailureClass.denied, "there is no tool \"hack\" for you to call"),
        ("find", "{\"n\":", .permanent, "the arguments are not JSON: line 1, column 6: the text ends where a value "),
        ("find", "{\"n\":\"1\"}", .permanent, "the arguments of find do not fit its parameters: /n: "),
        ("find", "", .permanent, "the arguments of find do not fit its parameters: "),
    ])
    func `a model's mistake is recorded, and the model gets it as the output`(
        name: String,
        arguments: String,
        kind: FailureClass,
        reason: String
    ) async throws {
        let model = FakeModel(answers: [.calls((name, arguments)), .text("sorry")])
        let bench = WorkflowFixture(model, tools: [find, FakeTool("put", .write)])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "sorry"))
        #expect(find.calls.isEmpty)
        let told = try #require(model.requests[1].messages.last)
        #expect(told.role == .tool && told.toolCallID == "call-0" && told.content.contains("{\"error\":"))
        let entry = try #require(recorder.entry(of: "a/1/tool/0"))
        #expect(entry.status == .completed && entry.failure?.class == kind && entry.usage.toolCalls == 0)
        #expect(entry.failure?.message.hasPrefix(reason) == true, "\(entry.failure?.message ?? "")")
        #expect(entry.output?["error"]?.string == entry.failure?.message)
    }

    @Test func `the model gets the permanent failure of a tool, and the job goes on`() async throws {
        let put = FakeTool("put", .write) { _ in throw Failure(.permanent, "no such order") }
        let model = FakeModel(answers: [.calls(("put", "{}")), .text("sorry")])
        let bench = WorkflowFixture(model, tools: [find, put])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "sorry"))
        #expect(model.requests[1].messages.last?.content == "{\"error\":\"no such order\"}")
        #expect(recorder.entry(of: "a/1/tool/0")?.failure?.class == .permanent)
        #expect(recorder.usage.toolCalls == 1)
    }

    @Test func `an agent that does not answer within its turns fails`() async throws {
        let model = FakeModel { _, _ in .calls(("find", "{\"n\":1}")) }
        let outcome = try await WorkflowFixture(model, tools: [find, FakeTool("put", .write)]).run(yaml)
        #expect(outcome == .failed(step: "a", outcome.failure ?? Failure(.unknown, "")))
        #expect(outcome.failure?.message == "the agent was not done after 3 turns")
        #expect(outcome.failure?.class == .permanent && model.requests.count == 3)
    }

    @Test func `an answer that must fit a schema is corrected a bounded number of times`() async throws {
        let shaped = "steps: [{id: a, agent: {prompt: go, output: {type: integer}}}]"
        let mended = FakeModel(answers: [.text("five"), .text("5")])
        #expect(try await WorkflowFixture(mended).run(shaped) == .completed(output: 5))
        #expect(mended.requests[1].messages.last?.content.hasPrefix("Your answer does not fit: ") == true)
        let stubborn = FakeModel { _, _ in .text("five") }
        let outcome = try await WorkflowFixture(stubborn).run(shaped)
        #expect(outcome.failure?.message.hasPrefix("the agent's answer did not fit the schema: ") == true)
        #expect(stubborn.requests.count == 3)
    }

    @Test func `an agent that is resumed goes on with the same conversation`() async throws {
        let model = FakeModel { request, step in
            step == "a/1/model" ? .calls(("find", "{\"n\":1}")) : .text("\(request.messages)")
        }
        let bench = WorkflowFixture(model, tools: [find, FakeTool("put", .write)])
        let whole = try await bench.run(yaml)
        let recorder = bench.recorder()
        recorder.die(at: 5)
        await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
        #expect(try await bench.run(yaml, recorder.resumed()) == whole)
    }
}
