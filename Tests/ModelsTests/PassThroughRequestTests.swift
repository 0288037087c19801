import Documents
import Jobs
import NIOHTTP1
import TestKit
import Testing

@testable import Models

@Suite("Batch lines for other endpoints", .timeLimit(.minutes(1)))
struct EndpointExchangeTests {
    private static func line(_ endpoint: RequestEndpoint, _ body: JSON) -> ChatRequest {
        var line = request(body: body)
        line.endpoint = endpoint
        return line
    }

    @Test(
        "A line goes to its endpoint's path with the configured model, and its answer comes back unchanged",
        arguments: [
            (
                RequestEndpoint.embeddings, "/v1/embeddings",
                #"{"object":"list","data":[{"embedding":[1,2]}],"usage":{"prompt_tokens":7,"total_tokens":7}}"#, 7, 0
            ),
            (
                .responses, "/v1/responses",
                #"{"id":"r","status":"completed","output":[],"usage":{"input_tokens":5,"output_tokens":3,"input_tokens_details":{"cached_tokens":2}}}"#,
                5, 3
            ),
            (
                .completions, "/v1/completions",
                #"{"choices":[{"text":"a","finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#,
                2, 1
            ),
            // The server reports no usage, so it is estimated for the budget.
            (.responses, "/v1/responses", #"{"id":"r","output":[]}"#, 11, 8),
        ]
    )
    func answered(endpoint: RequestEndpoint, path: String, answer: String, input: Int, output: Int) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(answer)
        }
        let read = try await withModel(respond, "parameters: {temperature: 0}") { model in
            try await model.complete(Self.line(endpoint, ["model": "other", "input": "a text", "stream": true]))
        }
        #expect(read.body == (try JSONParser.parse(answer)))
        #expect(read.usage.inputTokens == input && read.usage.outputTokens == output && read.usage.modelCalls == 1)
        let seen = try #require(recorder.requests.first)
        #expect(seen.path == path && seen.body == ["model": "qwen", "input": "a text"])
    }

    private static func unfinished(_ status: String) -> FakeProvider.Respond {
        FakeProvider.always(
            FakeProvider.Reply(
                #"{"id":"r","status":"\#(status)","incomplete_details":{"reason":"max_output_tokens"},"#
                    + #""usage":{"input_tokens":5,"output_tokens":3}}"#
            )
        )
    }

    @Test("A response with the status incomplete is kept and marked as cut")
    func incomplete() async throws {
        let answer = try await withModel(Self.unfinished("incomplete")) { model in
            try await model.complete(Self.line(.responses, ["input": "a"]))
        }
        #expect(answer.facts.isTruncated && answer.facts.finishReason == "max_output_tokens")
        #expect(answer.body["id"] == "r")
    }

    @Test(
        "A response that did not complete fails, and the failure keeps what came",
        arguments: [("incomplete", "on_truncated: fail"), ("failed", ""), ("in_progress", "")]
    )
    func notCompleted(status: String, settings: String) async throws {
        let failure = try await withModel(Self.unfinished(status), settings) { model in
            await ModelsTests.failure { try await model.complete(Self.line(.responses, ["input": "a"])) }
        }
        #expect(failure?.message == "the response is \(status): max_output_tokens, so it is not whole")
        #expect(failure?.code == "incomplete_response" && failure?.usage?.outputTokens == 3)
        #expect(failure?.response?["body"]?["id"] == "r")
    }

    @Test("A line for an endpoint that its model lacks fails with url_mismatch")
    func noSuchEndpoint() async throws {
        let failures = try await withModel(FakeProvider.always(FakeProvider.Reply("{}")), api: .anthropic) {
            model in
            await ModelsTests.failure { try await model.complete(Self.line(.embeddings, ["input": "a"])) }
        }
        #expect(failures?.code == "url_mismatch" && failures?.class == .permanent)
        try await withFile("- {reply: x}") { path in
            let scripted = try ScriptedModel(name: "s", scriptPath: path)
            let failure = await failure { try await scripted.complete(Self.line(.responses, ["input": "a"])) }
            #expect(failure?.code == "url_mismatch" && failure?.message.contains("/v1/responses") == true)
        }
    }
}
