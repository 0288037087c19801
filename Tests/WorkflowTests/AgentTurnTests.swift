import Documents
import Jobs
import Models
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct AgentTurnTests {
    private let yaml = "steps: [{id: a, agent: {prompt: go, tools: [find], max_turns: 3}}]"
    private let find = FakeTool("find", .read) { _ in "found" }
    private let turn = RawAssistantMessage(
        author: "openai m",
        message: ["role": "assistant", "content": .null, "reasoning_content": "Look first."]
    )

    private func thinking(_ arguments: String = "{}", name: String = "find") -> ChatAnswer {
        var answer = ChatAnswer.calls((name, arguments))
        answer.original = turn
        answer.facts = AnswerMetadata(finishReason: "tool_calls", reasoning: "Look first.")
        return answer
    }

    @Test func `the reasoning that a model sent with a call goes back to it with the call`() async throws {
        let model = FakeModel(answers: [thinking(), .text("done")])
        let recorder = WorkflowFixture(tools: [find]).recorder()
        #expect(try await WorkflowFixture(model, tools: [find]).run(yaml, recorder) == .completed(output: "done"))
        #expect(model.requests[1].messages[1].original == turn)
        let step = try #require(recorder.events.completed.first)
        #expect(step.answer.finishReason == "tool_calls")
        #expect(step.output.map { TurnRecord(json: $0).reasoning } == "Look first.")
    }

    @Test(arguments: MemoryRecorder.Loss.allCases, 1...6)
    func `a turn comes back whole whenever the daemon dies between the turns`(loss: MemoryRecorder.Loss, at: Int)
        async throws
    {
        let thinking = thinking()
        let model = FakeModel { request, step in
            step == "a/1/model" ? thinking : .text("\(request.messages[1].original?.message.text ?? "nothing")")
        }
        let bench = WorkflowFixture(model, tools: [find])
        let recorder = bench.recorder()
        recorder.die(at: at, losing: loss)
        await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
        #expect(try await bench.run(yaml, recorder.resumed()) == .completed(output: .string(turn.message.text)))
    }

    @Test func `a history from before turns were kept whole still gives its conversation`() {
        let record = TurnRecord(
            json: ["text": "Hm.", "tool_calls": [["id": "c", "name": "find", "arguments": "{}"]]]
        )
        let call = ModelToolCall(id: "c", name: "find", arguments: "{}")
        #expect(record.message(tools: ["find"]) == ChatMessage(.assistant, "Hm.", toolCalls: [call]))
    }

    @Test func `a model is shown arguments that are no JSON, which its server will not show it again`() async throws {
        let model = FakeModel(answers: [.calls(("find", "{\"city\": \"Par")), .text("done")])
        _ = try await WorkflowFixture(model, tools: [find]).run(yaml)
        let told = try #require(model.requests[1].messages.last)
        #expect(told.content.contains("the arguments are not JSON") && told.content.contains(#"{\"city\": \"Par"#))
    }

    @Test func `a misspelled tool name stands in the conversation under the tool's real name`() async throws {
        let model = FakeModel(answers: [thinking(name: "functions.Find "), .text("done")])
        #expect(try await WorkflowFixture(model, tools: [find]).run(yaml) == .completed(output: "done"))
        #expect(model.requests[1].messages[1].toolCalls.map(\.name) == ["find"])
        #expect(find.calls.count == 1)
    }

    @Test func `a cut answer that is kept is marked in its step, and a note says why`() async throws {
        var cut = ChatAnswer.text("The three")
        cut.facts = AnswerMetadata(finishReason: "length", isTruncated: true, note: "cut", reasoning: "Hm.")
        let recorder = WorkflowFixture().recorder()
        let outcome = try await WorkflowFixture(FakeModel(answers: [cut])).run("steps: [{id: a, prompt: x}]", recorder)
        #expect(outcome == .completed(output: "The three"))
        #expect(recorder.events.completed.first?.answer == cut.facts)
        #expect(recorder.entry(of: "a")?.isTruncated == true && recorder.entry(of: "a")?.finishReason == "length")
    }

    @Test(arguments: [("fail", OnTruncated.fail), ("keep", .keep)])
    func `a step's rule for cut answers goes with its request`(text: String, choice: OnTruncated) async throws {
        for step in ["prompt: x, on_truncated: \(text)", "agent: {prompt: x, on_truncated: \(text)}"] {
            let model = FakeModel(answers: [.text("done")])
            _ = try await WorkflowFixture(model).run("steps: [{id: a, \(step)}]")
            #expect(model.requests.first?.onTruncated == choice)
        }
    }
}
