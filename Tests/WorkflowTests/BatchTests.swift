import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct BatchTests {
    private let yaml = "steps: [{id: a, prompt: 'T: {{input.text}}'}]"

    private func bench(_ lines: String, _ model: FakeModel = FakeModel { _, step in .text(step) }) -> WorkflowFixture {
        var bench = WorkflowFixture(model)
        bench.batch = MemoryBytes(lines)
        return bench
    }

    /// A request in OpenAI's form.
    private func line(_ id: String, _ members: String = "") -> String {
        "{\"custom_id\":\"\(id)\",\"body\":{\"messages\":[]\(members)}}\n"
    }

    private func parameters(_ id: String, _ members: String = "") -> String {
        "{\"custom_id\":\"\(id)\",\"params\":{\"messages\":[]\(members)}}\n"
    }

    /// Fails where the body says so, like a provider that answers with this status.
    private let failing = FakeModel { request, _ in
        guard let status = request.body?["status"]?.int else { return .text("x") }
        var failure = Failure(.permanent, "the provider answered HTTP \(status)")
        failure.response = [
            "status_code": .int(Int64(status)), "request_id": "req_1",
            "body": ["error": ["message": "no", "type": "t", "param": .null, "code": "c"]],
        ]
        throw failure
    }

    @Test func `lines with overlapping ids have different steps`() async throws {
        let model = FakeModel { _, step in .text(step) }
        let bench = bench("{\"custom_id\":\"x\",\"text\":\"1\"}\n" + line("x/a"), model)
        _ = try await bench.run(yaml)
        #expect(Set(model.requests.map(\.idempotencyKey)).count == 2)
    }

    @Test func `requests in OpenAI's form get an output file in OpenAI's form`() async throws {
        let bench = bench(line("one") + line("two", ",\"status\":400") + "nonsense\n" + line("one"), failing)
        let recorder = bench.recorder()
        let output: JSON = [
            "request_counts": ["total": 4, "completed": 1, "failed": 3], "output_file": "output.jsonl",
            "error_file": "errors.jsonl",
        ]
        #expect(try await bench.run(yaml, recorder) == .completed(output: output))
        let job = WorkflowFixture.job.id
        #expect(
            recorder.file("output.jsonl") == [
                #"{"id":"batch_req_\#(job)_1","custom_id":"one","response":{"status_code":200,"request_id":"chat-1","#
                    + #""body":{"id":"chat-1","text":"x"}},"error":null}"#
            ]
        )
        #expect(
            recorder.file("errors.jsonl") == [
                #"{"id":"batch_req_\#(job)_2","custom_id":"two","response":{"status_code":400,"request_id":"req_1","#
                    + #""body":{"error":{"message":"no","type":"t","param":null,"code":"c"}}},"error":null}"#,
                #"{"id":"batch_req_\#(job)_3","custom_id":"3","response":null,"error":{"code":"invalid_json_line","#
                    + #""message":"line 3: not valid JSON at column 1: an unknown word; true, false and null are the only ones"}}"#,
                #"{"id":"batch_req_\#(job)_4","custom_id":"4:one","response":null,"error":{"code":"duplicate_custom_id","#
                    + #""message":"line 4: an earlier line has the custom_id \"one\""}}"#,
            ]
        )
        #expect(failing.requests.map(\.idempotencyKey).contains("\(job)/batch/one"))
        #expect(recorder.entry(of: "batch/one")?.kind == .line)
        // Resumed, no line runs again, and the same files are made.
        let again = recorder.resumed()
        #expect(try await bench.run(yaml, again) == .completed(output: output))
        #expect(again.recorded == 0 && again.file("errors.jsonl") == recorder.file("errors.jsonl"))
    }

    @Test func `a failure without an HTTP answer has no response, and an error`() async throws {
        let model = FakeModel { _, _ in throw Failure(.permanent, "no route") }
        let bench = bench(line("one"), model)
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder).failure?.message == "the only line failed: no route")
        #expect(
            recorder.file("errors.jsonl") == [
                #"{"id":"batch_req_\#(WorkflowFixture.job.id)_1","custom_id":"one","response":null,"error":{"code":"permanent","message":"no route"}}"#
            ]
        )
    }

    @Test func `requests in Anthropic's form get results in Anthropic's form`() async throws {
        let lines = [
            parameters("a"), parameters("b", ",\"status\":429"), parameters("c", ",\"max_tokens\":0"),
            parameters("d", ",\"status\":422"),
        ]
        let bench = bench(lines.joined(), failing)
        let recorder = bench.recorder()
        let outcome = try await bench.run(yaml, recorder)
        #expect(
            recorder.file("output.jsonl") == [
                #"{"custom_id":"a","result":{"type":"succeeded","message":{"id":"chat-1","text":"x"}}}"#
            ]
        )
        #expect(
            recorder.file("errors.jsonl") == [
                #"{"custom_id":"b","result":{"type":"errored","error":{"type":"error","#
                    + #""error":{"type":"rate_limit_error","message":"no"},"request_id":"req_1"}}}"#,
                #"{"custom_id":"c","result":{"type":"errored","error":{"type":"error","#
                    + #""error":{"type":"invalid_request_error","message":"line 3: max_tokens is 0"},"request_id":null}}}"#,
                #"{"custom_id":"d","result":{"type":"errored","error":{"type":"error","#
                    + #""error":{"type":"invalid_request_error","message":"no"},"request_id":"req_1"}}}"#,
            ]
        )
        let counts: JSON = [
            "total": 4, "completed": 1, "failed": 3, "processing": 0, "succeeded": 1, "errored": 3, "canceled": 0,
            "expired": 0,
        ]
        #expect(outcome.output?["request_counts"] == counts)
    }

    @Test func `lines that are inputs run the workflow, each by itself`() async throws {
        let model = FakeModel { _, step in
            if step == "batch/3/a" { throw Failure(.permanent, "no") }
            return .text(step)
        }
        let bench = bench("{\"custom_id\":\"x\",\"text\":\"1\"}\n{\"text\":\"2\"}\n{\"text\":\"3\"}\n", model)
        let recorder = bench.recorder()
        _ = try await bench.run(yaml, recorder)
        let output = [#"{"custom_id":"x","output":"batch/x/a"}"#, #"{"custom_id":"2","output":"batch/2/a"}"#]
        let errors = [#"{"custom_id":"3","error":{"code":"permanent","message":"no"}}"#]
        #expect(recorder.file("output.jsonl") == output && recorder.file("errors.jsonl") == errors)
        #expect(recorder.entry(of: "batch/x")?.kind == .line)
        // No output of a batch is held in memory: the files are made from the history.
        #expect(recorder.entry(of: "batch/x/a")?.output == nil && recorder.entry(of: "batch/x")?.output == nil)
        let again = recorder.resumed()
        _ = try await bench.run(yaml, again)
        #expect(again.recorded == 0 && again.file("output.jsonl") == output && again.file("errors.jsonl") == errors)
    }

    @Test func `a line that goes on takes the outputs of its finished steps from the history`() async throws {
        let yaml = "steps: [{id: a, prompt: '{{input}}'}, {id: b, prompt: 'after {{steps.a.output}}'}]"
        let model = FakeModel { request, step in .text(step == "batch/1/b" ? request.messages[0].content : "of a") }
        let bench = bench("\"text\"\n", model)
        var recorder = bench.recorder()
        recorder.die(at: 3)
        _ = try? await bench.run(yaml, recorder)
        recorder = recorder.resumed()
        _ = try await bench.run(yaml, recorder)
        #expect(recorder.file("output.jsonl") == [#"{"custom_id":"1","output":"after of a"}"#])
        #expect(model.requests.count == 2)
    }

    @Test func `a line that waits lets the others go on, and files are written when all are done`() async throws {
        let model = FakeModel { request, _ in
            if request.body?["slow"] == true, request.attempt == 1 {
                throw Failure(.temporary, "busy", retryAfter: .seconds(3_600))
            }
            return .text("x")
        }
        let bench = bench(line("a", ",\"slow\":true") + line("b"), model)
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

    @Test func `a line whose tries are used up fails alone`() async throws {
        let model = FakeModel { request, _ in
            if request.body?["bad"] == true { throw Failure(.temporary, "busy") }
            return .text("x")
        }
        let bench = bench(line("a", ",\"bad\":true") + line("b"), model)
        let recorder = bench.recorder()
        let outcome = try await bench.run("retry: {attempts: 3, initial: 1s, max: 1s}\n" + yaml, recorder)
        #expect(outcome.output?["request_counts"] == ["total": 2, "completed": 1, "failed": 1])
        #expect(model.requests.count == 4 && recorder.file("errors.jsonl")?.count == 1)
    }

    @Test func `a batch whose lines all succeed has no error file`() async throws {
        let bench = bench(line("a"))
        let recorder = bench.recorder()
        let outcome = try await bench.run(yaml, recorder)
        #expect(recorder.file("errors.jsonl") == nil && outcome.output?["error_file"] == nil)
        #expect(outcome.output?["request_counts"] == ["total": 1, "completed": 1, "failed": 0])
    }

    @Test func `when the deadline passes, finished lines stay, and the other lines are expired`() async throws {
        var bench = bench(line("a") + line("b") + parameters("c") + "{\"text\":\"d\"}\n" + "nonsense\n")
        let clock = bench.clock
        bench.deadline = clock.now + .seconds(1)
        // Lines that were begun before the first one ended may finish.
        let recorder = bench.recorder { _, event in
            if case .stepCompleted = event { clock.turn(by: .seconds(2)) }
        }
        let outcome = try await bench.run(yaml, recorder)
        let written = (recorder.file("output.jsonl") ?? []) + (recorder.file("errors.jsonl") ?? [])
        #expect(written.count == 5)
        let completed = try #require(recorder.file("output.jsonl")?.count)
        #expect(outcome.output?["request_counts"]?["completed"] == .int(Int64(completed)))

        let late = recorder.resumed()
        bench.deadline = clock.now
        var fresh = bench
        fresh.batch = MemoryBytes(line("new") + parameters("newer") + "{\"text\":\"d\"}\n")
        let again = try await fresh.run(yaml, late)
        #expect(again.failure?.message == "all 3 lines failed: the job's deadline passed before this request was done")
        let message = "the job's deadline passed before this request was done"
        #expect(
            late.file("errors.jsonl") == [
                #"{"id":"batch_req_\#(WorkflowFixture.job.id)_1","custom_id":"new","response":null,"#
                    + #""error":{"code":"batch_expired","message":"\#(message)"}}"#,
                #"{"custom_id":"newer","result":{"type":"expired"}}"#,
                #"{"custom_id":"3","error":{"code":"batch_expired","message":"\#(message)"}}"#,
            ]
        )
    }

    @Test func `a cancelled batch keeps its finished lines, and says that the others were cancelled`() async throws {
        let bench = bench(line("a") + line("b"))
        let recorder = bench.recorder()
        recorder.die(at: 4)
        _ = try? await bench.run("steps: [{id: a, prompt: x}]", recorder)
        let left = recorder.resumed()
        let file = try await BatchFile(try #require(bench.batch))
        let results = BatchResults(file, job: WorkflowFixture.job.id, archive: left)
        let (output, failure) = try await results.write(unsettled: .cancelled)
        #expect(failure == nil)
        #expect(output["request_counts"] == ["total": 2, "completed": 1, "failed": 1])
        #expect(left.file("errors.jsonl")?[0].contains("\"error\":{\"code\":\"batch_cancelled\"") == true)
    }

    @Test(arguments: [
        (["permanent", "permanent"], FailureClass.permanent), (["temporary", "temporary"], .temporary),
        (["temporary", "permanent"], .permanent),
    ]) func `a batch whose lines all fail fails with the class of its lines, and has its files`(
        classes: [String],
        expected: FailureClass
    ) async throws {
        let model = FakeModel { request, _ in
            let name = request.body?["class"]?.string ?? ""
            throw Failure(FailureClass(rawValue: name) ?? .permanent, "it is \(name)")
        }
        let lines = classes.enumerated().map { line("\($0.offset)", ",\"class\":\"\($0.element)\"") }
        let bench = bench(lines.joined(), model)
        let recorder = bench.recorder()
        let once = "retry: {attempts: 1}\n"
        let failure = try #require(try await bench.run(once + yaml, recorder).failure)
        #expect(failure.class == expected && failure.message.hasPrefix("all 2 lines failed: it is \(classes[0])"))
        #expect(recorder.file("errors.jsonl")?.count == 2 && recorder.file("output.jsonl") == [])
    }
}
