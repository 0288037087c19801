import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct ResultDocumentTests {
    private let refused = Failure(.permanent, "the model refused the key", hint: "set OPENAI_API_KEY")

    @Test func `result.json of a completed job has all its members`() {
        let story = Story(
            .accepted(Story.acceptance),
            Story.start("classify"),
            Story.done("classify", output: ["urgent": true], usage: Story.usage(10)),
            .completed(output: ["ticket": 4711])
        )
        let expected = """
            {
              "job": "\(Story.name.id)",
              "name": "ticket.json",
              "queue": "tickets",
              "workflow": "triage",
              "outcome": "completed",
              "output": {
                "ticket": 4711
              },
              "error": null,
              "truncated": false,
              "usage": {
                "model_calls": 1,
                "tool_calls": 0,
                "input_tokens": 10,
                "cached_input_tokens": 0,
                "output_tokens": 1,
                "cost_usd": 0.25,
                "estimated": false
              },
              "accepted_at": "2026-11-24T02:00:00.000Z",
              "started_at": "2026-11-24T02:00:01.000Z",
              "finished_at": "2026-11-24T02:00:03.000Z",
              "epochs": 1,
              "models": [
                "m"
              ],
              "steps": [
                {
                  "path": "classify",
                  "kind": "model",
                  "status": "completed",
                  "attempts": 1,
                  "duration_ms": 7
                }
              ]
            }
            """
        #expect(ResultDocument(story.replay).json.indentedText == expected)
        #expect(ResultDocument(story.replay).errorText == nil)
    }

    @Test func `the result and the row show a cut answer, and the result an estimate and why an answer ended`() {
        var usage = Story.usage(10)
        usage.isEstimated = true
        var cut = StepCompletion(step: "classify", kind: .model, output: "The three", model: "m", usage: usage)
        cut.answer = AnswerMetadata(finishReason: "length", isTruncated: true, note: "cut at max_tokens")
        let story = Story(
            .accepted(Story.acceptance),
            Story.start("classify"),
            .stepCompleted(cut),
            .completed(output: "The three")
        )
        let result = ResultDocument(story.replay).json
        #expect(result["truncated"] == true && result["usage"]?["estimated"] == true)
        let step = result["steps"]?.array?.first
        #expect(step?["finish_reason"] == "length" && step?["truncated"] == true && step?["estimated"] == true)
        #expect(step?["note"] == "cut at max_tokens")
        #expect(JobSummary(story.replay)?.json["truncated"] == true)
    }

    @Test func `result.json and error.txt of a job that failed say what, where, why and what to do`() {
        let story = Story(
            .accepted(Story.acceptance),
            Story.start("classify"),
            Story.failed("classify", 1, refused),
            .failed(step: "classify", refused)
        )
        let result = ResultDocument(story.replay)
        let error: JSON = [
            "step": "classify", "class": "permanent", "message": "the model refused the key",
            "hint": "set OPENAI_API_KEY",
        ]
        #expect(result.json["outcome"] == "failed")
        #expect(result.json["error"] == error)
        #expect(result.json["output"] == .null)
        let expected = """
            What:    the model refused the key
            Where:   step classify, attempt 1
            Why:     permanent: trying again without a change would fail again
            To do:   set OPENAI_API_KEY
            More:    agentspool show \(Story.name.id), or history.jsonl in this directory

            """
        #expect(result.errorText == expected)
    }

    @Test func `error.txt of a job that failed before its first step suggests a retry when there is no hint`() {
        let story = Story(.accepted(Story.acceptance), .failed(step: nil, Failure(.temporary, "no route")))
        let expected = """
            What:    no route
            Where:   before the first step
            Why:     temporary: it was tried again as often as the retry policy allows
            To do:   mend the cause, then: agentspool retry \(Story.name.id)
            More:    agentspool show \(Story.name.id), or history.jsonl in this directory

            """
        #expect(ResultDocument(story.replay).errorText == expected)
    }

    @Test func `the result of a cancelled job names the user who cancelled it, and the step`() {
        let story = Story(.accepted(Story.acceptance), Story.start("a"), .cancelled(Story.alice))
        let result = ResultDocument(story.replay)
        #expect(result.json["outcome"] == "cancelled")
        #expect(result.json["error"]?["message"] == "cancelled by alice: mended")
        #expect(result.errorText?.contains("Where:   step a, attempt 1\n") == true)
        #expect(result.errorText?.contains("Why:     a person or the policy said no\n") == true)
    }

    @Test(arguments: [0, 1, 2, 3_000]) func `the text written in pieces equals the whole text`(count: Int) {
        var story = Story(.accepted(Story.acceptance))
        for index in 0..<count { story.add(Story.done("step-\(index)")) }
        story.add(.completed(output: ["a": [1, 2]]))
        let document = ResultDocument(story.replay)
        var pieces: [[UInt8]] = []
        document.write { pieces.append($0) }
        #expect(String(decoding: pieces.joined(), as: UTF8.self) == document.json.indentedText + "\n")
        #expect((pieces.count > 1) == (count == 3_000))
    }

    @Test func `a job that completed after a retry has no error`() {
        let story = Story(
            .accepted(Story.acceptance),
            .failed(step: "a", refused),
            .retried(Story.alice),
            .claimed(node: "n", cause: .due),
            .completed(output: 1)
        )
        let result = ResultDocument(story.replay)
        #expect(result.json["error"] == .null && result.errorText == nil && result.json["epochs"] == 2)
    }
}
