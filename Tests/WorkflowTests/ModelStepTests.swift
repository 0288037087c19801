import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct ModelStepTests {
    private let yaml = "steps: [{id: a, system: 'Be {{input.mood}}', prompt: 'T: {{input.text}}'}]"
    private let shaped = """
        steps: [{id: a, prompt: x, output: {type: object, properties: {n: {type: integer}}, required: [n]}}]
        """

    @Test func `a model is asked with system and prompt filled in, and its text is the output`() async throws {
        let model = FakeModel(answers: [.text("hello")])
        let bench = WorkflowFixture(model, input: ["mood": "kind", "text": "<hi>"])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "hello"))
        #expect(model.requests.first?.messages == [ChatMessage(.system, "Be kind"), ChatMessage(.user, "T: <hi>")])
        #expect(model.requests.first?.idempotencyKey == "\(WorkflowFixture.job.id)/a")
        let completion = try #require(recorder.events.completed.first)
        #expect(completion.model == "fake-1" && completion.usage?.inputTokens == 10 && completion.attempt == 1)
        // A question changes nothing, so its start need not be on disk; the last answer is synced with the job's end.
        #expect(recorder.durableRecords == 0)
    }

    @Test func `an empty prompt is a failure before the model is asked`() async throws {
        let model = FakeModel(answers: [])
        let outcome = try await WorkflowFixture(model).run(
            "steps: [{id: a, prompt: '{{#input.text}}{{.}}{{/input.text}}'}]"
        )
        #expect(outcome.failure?.class == .permanent && outcome.failure?.message == "the prompt is empty")
        #expect(model.requests.isEmpty)
    }

    @Test func `an answer that must fit a schema becomes its value, without a fence around it`() async throws {
        for text in ["{\"n\":1}", " ```json\n{\"n\":1}\n``` "] {
            #expect(
                try await WorkflowFixture(FakeModel(answers: [.text(text)])).run(shaped) == .completed(output: ["n": 1])
            )
        }
    }

    @Test func `an answer that does not fit is asked for again with the reason`() async throws {
        let model = FakeModel(answers: [.text("sure!"), .text("{\"n\":\"1\"}"), .text("{\"n\":1}")])
        let recorder = WorkflowFixture().recorder()
        #expect(try await WorkflowFixture(model).run(shaped, recorder) == .completed(output: ["n": 1]))
        #expect(model.requests.map(\.messages.count) == [1, 3, 5])
        #expect(model.requests[1].messages[2].content.contains("it is not JSON: line 1, column 1"))
        #expect(model.requests[2].messages[4].content.contains("/n: "))
        #expect(recorder.usage.modelCalls == 3)
    }

    @Test func `corrections are bounded, and what they used is counted`() async throws {
        let model = FakeModel { _, _ in .text("no") }
        let bench = WorkflowFixture(model)
        let recorder = bench.recorder()
        let outcome = try await bench.run(shaped, recorder)
        #expect(outcome.failure?.class == .permanent)
        #expect(
            outcome.failure?.message.hasPrefix("the model's answer did not fit the schema after 2 corrections: ")
                == true
        )
        #expect(model.requests.count == 3)
        #expect(recorder.usage.modelCalls == 3)
    }

    @Test func `what a correction used is counted when the next one fails`() async throws {
        let answers = Script<ChatAnswer?>(.text("no"), nil)
        let bench = WorkflowFixture(
            FakeModel { _, _ in
                guard case .some(.some(let answer)) = answers.next() else { throw Failure(.permanent, "refused") }
                return answer
            }
        )
        let recorder = bench.recorder()
        #expect(try await bench.run(shaped, recorder).failure?.message == "refused")
        #expect(recorder.usage.modelCalls == 1)
    }

    @Test func `a missing reference is a failure of the job at that step`() async throws {
        let outcome = try await WorkflowFixture(input: [:]).run("steps: [{id: a, prompt: '{{input.text}}'}]")
        #expect(outcome == .failed(step: "a", outcome.failure ?? Failure(.temporary, "")))
        #expect(outcome.failure?.message == "the template {{input.text}} refers to something that is not there")
    }
}
