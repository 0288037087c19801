import Documents
import Jobs
import Testing

@testable import Models

@Suite("Answers in OpenAI's form")
struct OpenAIAnswerTests {
    private func read(_ json: String, _ request: ChatRequest = request(), price: Price? = nil) throws -> ChatAnswer {
        let json = try JSONParser.parse(json.utf8)
        if let verdict = ProviderError.verdict(inside: json, key: ProviderError.Key()) { throw verdict }
        return try API.openAI.provider.read(
            json,
            for: request,
            AnswerContext(model: "configured", provider: API.openAI.provider, price: price)
        )
    }

    private func answer(_ message: String, finish: String = #""stop""#, more: String = "") -> String {
        #"{"id":"x","choices":[{"index":0,"message":\#(message),"finish_reason":\#(finish)}]\#(more)}"#
    }

    @Test("Text, usage, cost and the provider's name of the model are read")
    func text() throws {
        let usage =
            #","model":"gpt","usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"#
            + #""prompt_tokens_details":{"cached_tokens":40}},"system_fingerprint":"f""#
        let price = try Price(reader("{input: 1000000, cached_input: 0, output: 1000000}"))
        let answer = try read(answer(#"{"role":"assistant","content":"Hi"}"#, more: usage), price: price)
        #expect(answer.text == "Hi")
        #expect(answer.model == "gpt")
        #expect(answer.usage.modelCalls == 1)
        #expect(answer.usage.inputTokens == 100)
        #expect(answer.usage.cachedInputTokens == 40)
        #expect(answer.usage.outputTokens == 10)
        #expect(answer.usage.costUSD == 70)
        #expect(answer.body["system_fingerprint"] == "f")
    }

    @Test(
        "Usage that is missing, partial or absurd never breaks an answer",
        arguments: [
            ("", 0), (#","usage":null"#, 0), (#","usage":{"prompt_tokens":7,"prompt_tokens_details":null}"#, 7),
            (#","usage":{"prompt_tokens":-7}"#, 0),
            (#","usage":{"prompt_tokens":9000000000000000000}"#, Usage.tokensMax),
            (#","usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":9}}"#, 7),
        ]
    )
    func usage(more: String, input: Int) throws {
        let answer = try read(answer(#"{"content":"Hi"}"#, more: more))
        #expect(answer.usage.inputTokens == input)
        #expect(answer.usage.cachedInputTokens <= input)
        #expect(answer.model == "configured")
    }

    @Test("Tool calls are read with content null, and arguments stay as the model wrote them")
    func toolCalls() throws {
        let message =
            #"{"content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"get","#
            + #""arguments":"{broken"}},{"function":{"name":"put","arguments":{"a":1}}},{"id":null,"function":{"name":"n"}}]}"#
        let answer = try read(answer(message, finish: #""tool_calls""#))
        #expect(answer.text == "")
        #expect(
            answer.toolCalls == [
                ModelToolCall(id: "c1", name: "get", arguments: "{broken"),
                ModelToolCall(id: "call00001", name: "put", arguments: #"{"a":1}"#),
                ModelToolCall(id: "call00002", name: "n", arguments: "{}"),
            ]
        )
    }

    @Test("Text in parts is joined, and an unknown finish_reason counts as an end")
    func parts() throws {
        let answer = try read(
            answer(#"{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#, finish: #""eos""#)
        )
        #expect(answer.text == "ab")
    }

    @Test(
        "An answer that is not a complete chat completion is a temporary failure",
        arguments: [
            "{}", "[]", #"{"choices":[]}"#, #"{"choices":[{"finish_reason":"stop"}]}"#,
            #"{"choices":[{"message":{"content":"x"}}]}"#,
            #"{"choices":[{"message":{"content":"x"},"finish_reason":null}]}"#,
            #"{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}"#,
            #"{"choices":[{"message":{},"finish_reason":"stop"},{"message":{},"finish_reason":null}]}"#,
            #"{"choices":[{"message":{"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}"#,
            #"{"error":{"message":"upstream","code":502}}"#, #"{"error":"upstream"}"#,
        ]
    )
    func garbage(json: String) async throws {
        #expect(await failure { try read(json) }?.class == .temporary)
    }

    @Test("An error with status 200 gets the class of its code")
    func errorInside() async {
        #expect(await failure { try read(#"{"error":{"message":"no","code":401}}"#) }?.class == .permanent)
    }

    @Test("An answer that is cut at max_tokens is accepted as text, but not as JSON or tool calls")
    func length() async throws {
        let text = answer(#"{"content":"{\"a\":"}"#, finish: #""length""#)
        #expect(try read(text).text == #"{"a":"#)
        let failed = try #require(await failure { try read(text, request(schema: [:])) })
        #expect(failed.class == .permanent)
        #expect(failed.hint?.contains("max_tokens") == true)
        let calls = answer(
            #"{"tool_calls":[{"id":"1","function":{"name":"n","arguments":"{"}}]}"#,
            finish: #""length""#
        )
        #expect(await failure { try read(calls) }?.class == .permanent)
    }

    @Test(
        "A withheld or refused answer is a permanent failure",
        arguments: [(#"{"content":""}"#, #""content_filter""#), (#"{"content":null,"refusal":"No."}"#, #""stop""#)]
    )
    func refused(message: String, finish: String) async throws {
        #expect(await failure { try read(answer(message, finish: finish)) }?.class == .permanent)
        // The submitter of a batch gets the answer as it is.
        #expect(try read(answer(message, finish: finish), request(body: [:])).body["id"] == "x")
    }
}
