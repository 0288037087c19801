import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct BatchTests {
    private let yaml = "steps: [{id: a, prompt: 'T: {{input.text}}'}]"

    private func bench(_ lines: String, _ model: FakeModel = FakeModel { _, step in .text(step) }) -> Bench {
        var bench = Bench(model)
        bench.batch = BatchLine.lines(of: Array(lines.utf8))
        return bench
    }

    @Test func `lines are read in the three formats, blank ones passed over`() {
        let text = """
            {"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"messages":[]}}\r

            {"custom_id":"b","params":{"max_tokens":5}}
            {"text":"hello"}
            "just text"
            """
        let lines = BatchLine.lines(of: Array((text + "\n  \n").utf8))
        #expect(lines.map(\.number) == [1, 3, 4, 5])
        #expect(lines.map(\.id) == ["a", "b", "4", "5"])
        #expect(
            lines.map(\.request) == [
                .openAI(body: ["messages": []]), .anthropic(parameters: ["max_tokens": 5]), .input(["text": "hello"]),
                .input("just text"),
            ]
        )
    }

    @Test func `a bad line is bad by itself, and says why`() {
        let lines = BatchLine.lines(
            of: Array("{\"a\":\n{\"custom_id\":\"x\",\"body\":5}\n{\"custom_id\":\"x\",\"body\":{}}\n".utf8)
        )
        #expect(
            lines.map(\.request) == [
                .faulty(reason: "not valid JSON at column 6: the text ends where a value should be"),
                .faulty(reason: "body is no object"), .faulty(reason: "the custom_id \"x\" is in the file before"),
            ]
        )
        #expect(lines.map(\.id) == ["1", "x", "3:x"])
    }

    @Test func `every line has an id of its own, however the file tries to confuse them`() {
        let ids = ["x", "3:x", "x", "3:x", "5", "7", "x"]
        let lines = BatchLine.lines(of: Array(ids.map { "{\"custom_id\":\"\($0)\",\"body\":{}}\n" }.joined().utf8))
        #expect(Set(lines.map(\.path)).count == lines.count)
    }

    @Test func `a line without an id is not taken for another whose id is its number`() {
        let lines = BatchLine.lines(of: Array("{\"custom_id\":\"2\",\"body\":{}}\n{\"text\":\"hello\"}\n".utf8))
        #expect(lines.map(\.request) == [.openAI(body: [:]), .input(["text": "hello"])])
        #expect(Set(lines.map(\.path)).count == 2)
    }

    @Test func `the steps of one line are never those of another`() async throws {
        let model = FakeModel { _, step in .text(step) }
        let bench = bench("{\"custom_id\":\"x\",\"text\":\"1\"}\n{\"custom_id\":\"x/a\",\"body\":{}}\n", model)
        _ = try await bench.run(yaml)
        #expect(Set(model.requests.map(\.idempotencyKey)).count == 2)
    }

    @Test func `requests in OpenAI's form get an output file in OpenAI's form`() async throws {
        let model = FakeModel { request, _ in
            if request.body?["bad"] == true { throw Failure(.permanent, "HTTP 400") }
            return .text("x")
        }
        let bench = bench(
            "{\"custom_id\":\"one\",\"body\":{}}\n{\"custom_id\":\"two\",\"body\":{\"bad\":true}}\nnonsense\n",
            model
        )
        let recorder = bench.recorder()
        let output: JSON = [
            "request_counts": ["total": 3, "completed": 1, "failed": 2], "output_file": "output.jsonl",
            "error_file": "errors.jsonl",
        ]
        #expect(try await bench.run(yaml, recorder) == .completed(output: output))
        let job = Bench.job.id
        #expect(
            recorder.file("output.jsonl") == [
                #"{"id":"batch_req_\#(job)_1","custom_id":"one","response":{"status_code":200,"request_id":"chat-1","#
                    + #""body":{"id":"chat-1","text":"x"}},"error":null}"#
            ]
        )
        #expect(
            recorder.file("errors.jsonl") == [
                #"{"id":"batch_req_\#(job)_2","custom_id":"two","response":null,"error":{"code":"permanent","message":"HTTP 400"}}"#,
                #"{"id":"batch_req_\#(job)_3","custom_id":"3","response":null,"error":{"code":"permanent","#
                    + #""message":"line 3: not valid JSON at column 1: an unknown word; true, false and null are the only ones"}}"#,
            ]
        )
        #expect(model.requests.map(\.idempotencyKey).contains("\(job)/batch/one"))
        #expect(recorder.entry(of: "batch/one")?.kind == .line)
        // Resumed, no line runs again, and the same files are made.
        let again = recorder.resumed()
        #expect(try await bench.run(yaml, again) == .completed(output: output))
        #expect(again.recorded == 0 && again.file("errors.jsonl") == recorder.file("errors.jsonl"))
    }

    @Test func `requests in Anthropic's form get results in Anthropic's form`() async throws {
        let model = FakeModel { request, _ in
            if request.body?["bad"] == true { throw Failure(.permanent, "no") }
            return .text("x")
        }
        let bench = bench(
            "{\"custom_id\":\"a\",\"params\":{}}\n{\"custom_id\":\"b\",\"params\":{\"bad\":true}}\n",
            model
        )
        let recorder = bench.recorder()
        _ = try await bench.run(yaml, recorder)
        #expect(
            recorder.file("output.jsonl") == [
                #"{"custom_id":"a","result":{"type":"succeeded","message":{"id":"chat-1","text":"x"}}}"#
            ]
        )
        #expect(
            recorder.file("errors.jsonl") == [
                #"{"custom_id":"b","result":{"type":"errored","error":{"type":"error","error":{"type":"api_error","message":"no"}}}}"#
            ]
        )
    }

    @Test func `lines that are inputs run the workflow, each by itself`() async throws {
        let bench = bench("{\"custom_id\":\"x\",\"text\":\"1\"}\n{\"text\":\"2\"}\n{\"text\":\"3\"}\n")
        let recorder = bench.recorder()
        _ = try await bench.run(yaml, recorder)
        #expect(
            recorder.file("output.jsonl") == [
                #"{"custom_id":"x","output":"batch/x/a"}"#, #"{"custom_id":"2","output":"batch/2/a"}"#,
                #"{"custom_id":"3","output":"batch/3/a"}"#,
            ]
        )
        #expect(recorder.file("errors.jsonl") == nil)
        #expect(recorder.entry(of: "batch/x")?.kind == .line)
    }

    @Test func `a line that waits lets the others go on, and files are written when all are done`() async throws {
        let model = FakeModel { request, _ in
            if request.body?["slow"] == true, request.attempt == 1 {
                throw Failure(.temporary, "busy", retryAfter: .seconds(3_600))
            }
            return .text("x")
        }
        let bench = bench("{\"custom_id\":\"a\",\"body\":{\"slow\":true}}\n{\"custom_id\":\"b\",\"body\":{}}\n", model)
        let recorder = bench.recorder()
        let due = bench.clock.now + .seconds(3_600)
        #expect(
            try await bench.run(yaml, recorder)
                == .deferred(until: due, reason: "step batch/a is tried again after: busy")
        )
        #expect(recorder.entry(of: "batch/b")?.status == .completed && recorder.file("output.jsonl") == nil)
        bench.clock.turn(to: due)
        let again = recorder.resumed()
        _ = try await bench.run(yaml, again)
        #expect(again.file("output.jsonl")?.count == 2 && model.requests.count == 3)
    }

    @Test func `a batch whose lines all succeed has no error file`() async throws {
        let bench = bench("{\"custom_id\":\"a\",\"body\":{}}\n")
        let recorder = bench.recorder()
        let outcome = try await bench.run(yaml, recorder)
        #expect(recorder.file("errors.jsonl") == nil && outcome.output?["error_file"] == nil)
    }

    @Test func `a deadline that passes fails the whole batch, not its lines one by one`() async throws {
        var bench = bench("{\"custom_id\":\"a\",\"body\":{}}\n")
        bench.deadline = bench.clock.now
        #expect(try await bench.run(yaml).failure?.message.contains("deadline") == true)
    }
}
