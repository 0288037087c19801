import Documents
import Jobs
import NIOHTTP1
import Testing

@testable import Models

@Suite("Anthropic's Messages API", .timeLimit(.minutes(1)))
struct AnthropicTests {
    private func body(_ request: ChatRequest, _ parameters: JSON = [:]) throws -> JSON {
        try AnthropicRequest.body(request, model: "m", parameters: parameters)
    }

    private func read(_ json: JSON, _ request: ChatRequest = request(), price: Price? = nil) throws -> ChatAnswer {
        try API.anthropic.provider.read(
            json,
            for: request,
            AnswerContext(model: "configured", provider: API.anthropic.provider, price: price)
        )
    }

    private func answer(_ content: JSON, _ reason: String = "end_turn") -> JSON {
        ["content": content, "stop_reason": .string(reason)]
    }

    @Test("A call sends key, version and body, and returns the answer with the request's id")
    func call() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(
                200,
                headers: ["request-id": "req_1"],
                #"{"model":"claude","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}"#
            )
        }
        let answer = try await FakeProvider.run(respond) { provider in
            try await withModel(
                provider.rootURL,
                "api_key: {env: K}",
                api: .anthropic,
                environment: ["K": "sk-1"]
            ) { try await $0.complete(request()) }
        }
        #expect(answer.text == "Hi")
        #expect(answer.model == "claude")
        #expect(answer.requestID == "req_1")
        let seen = try #require(recorder.requests.first)
        #expect(seen.path == "/v1/messages")
        #expect(seen.headers.first(name: "x-api-key") == "sk-1")
        #expect(seen.headers.first(name: "anthropic-version") == "2023-06-01")
        #expect(!seen.headers.contains(name: "Authorization"))
        #expect(seen.body["max_tokens"] == 4_096)
    }

    @Test("System text, turns, tools and their results are sent in the API's form")
    func all() throws {
        var request = request(
            "Weather?",
            system: "Be brief.",
            tools: [ToolDescription(name: "get", description: "Gets.", parameters: ["type": "object"])]
        )
        request.messages += [
            ChatMessage(.user, "In Bonn."),
            ChatMessage(
                .assistant,
                "",
                toolCalls: [
                    ModelToolCall(id: "c:1", name: "get", arguments: #"{"a":1}"#),
                    ModelToolCall(id: "c2", name: "get", arguments: "{broken"),
                ]
            ),
            ChatMessage(.tool, "sunny", toolCallID: "c:1"),
            ChatMessage(.tool, "not JSON", toolCallID: "c2"),
            ChatMessage(.user, "And?"),
            ChatMessage(.assistant, ""),
            ChatMessage(.assistant, "It is sunny."),
        ]
        #expect(
            try body(request, ["max_tokens": 7, "temperature": 0, "system": "no"]) == [
                "model": "m", "system": "Be brief.",
                "messages": [
                    [
                        "role": "user",
                        "content": [["type": "text", "text": "Weather?"], ["type": "text", "text": "In Bonn."]],
                    ],
                    [
                        "role": "assistant",
                        "content": [
                            ["type": "tool_use", "id": "c_1", "name": "get", "input": ["a": 1]],
                            ["type": "tool_use", "id": "c2", "name": "get", "input": ["arguments": "{broken"]],
                        ],
                    ],
                    [
                        "role": "user",
                        "content": [
                            ["type": "tool_result", "tool_use_id": "c_1", "content": "sunny"],
                            ["type": "tool_result", "tool_use_id": "c2", "content": "not JSON"],
                            ["type": "text", "text": "And?"],
                        ],
                    ],
                    ["role": "assistant", "content": [["type": "text", "text": "It is sunny."]]],
                ],
                "tools": [
                    ["name": "get", "description": "Gets.", "input_schema": ["type": "object", "properties": [:]]]
                ],
                "max_tokens": 7, "temperature": 0,
            ]
        )
    }

    @Test("A schema becomes a tool that the model must call, and the call's arguments are the answer")
    func schema() throws {
        let request = request(schema: ["title": "Kind", "type": "object"])
        let sent = try body(request)
        #expect(sent["tools"]?.array?.first?["input_schema"] == ["title": "Kind", "type": "object"])
        #expect(sent["tool_choice"] == ["type": "tool", "name": "Kind", "disable_parallel_tool_use": true])
        let call: JSON = ["type": "tool_use", "id": "t", "name": "Kind", "input": ["a": 1]]
        let answer = try read(answer([["type": "text", "text": "Sure:"], call], "tool_use"), request)
        #expect(answer.text == #"{"a":1}"#)
        #expect(answer.toolCalls.isEmpty)
    }

    @Test("An answer as text is read although the output tool was forced")
    func schemaIgnored() throws {
        let answer = try read(answer([["type": "text", "text": "{}"]]), request(schema: ["type": "object"]))
        #expect(answer.text == "{}")
    }

    @Test("A schema that is not an object is wrapped in the request and unwrapped in the answer")
    func wrapped() throws {
        let request = request(schema: ["type": "array", "items": ["$ref": "#/$defs/x"], "$defs": ["x": [:]]])
        let input = try body(request)["tools"]?.array?.first?["input_schema"]
        #expect(input?["type"] == "object")
        #expect(input?["properties"]?["value"]?["type"] == "array")
        #expect(input?["$defs"] == ["x": [:]])
        let call: JSON = ["type": "tool_use", "id": "t", "name": "output", "input": ["value": [1, 2]]]
        #expect(try read(answer([call], "tool_use"), request).text == "[1,2]")
    }

    @Test("A model that thinks, or has other tools, is not forced to call the output tool")
    func notForced() throws {
        let schema: JSON = ["type": "object"]
        let thinking: JSON = ["thinking": ["type": "enabled", "budget_tokens": 1_024]]
        #expect(try body(request(schema: schema), thinking)["tool_choice"] == ["type": "auto"])
        let tool = ToolDescription(name: "output", description: "", parameters: schema)
        let both = try body(request(tools: [tool], schema: schema))
        #expect(both["tool_choice"] == ["type": "any"])
        #expect(both["tools"]?.array?.compactMap { $0["name"]?.string } == ["output", "output_"])
    }

    @Test("A ready body keeps its members, but gets the configured model and no streaming")
    func readyBody() throws {
        let line: JSON = ["model": "theirs", "messages": [], "stream": true, "system": "S", "max_tokens": 5]
        #expect(
            try body(request(schema: [:], body: line), ["max_tokens": 9, "top_k": 1]) == [
                "model": "m", "messages": [], "system": "S", "max_tokens": 5, "top_k": 1,
            ]
        )
    }

    @Test(
        "A ready body in OpenAI's form is refused",
        arguments: [
            ["messages": [["role": "system", "content": "x"]]], ["messages": [["role": "tool", "content": "x"]]],
            ["messages": [["role": "assistant", "tool_calls": []]]], ["messages": [], "response_format": [:]],
            ["messages": [], "max_completion_tokens": 5], ["tools": [["type": "function", "function": [:]]]], "text",
        ] as [JSON]
    )
    func misread(line: JSON) async throws {
        #expect(await failure { try body(request(body: line)) }?.class == .permanent)
    }

    @Test("All input tokens are counted, and the cached ones also by themselves")
    func usage() throws {
        let usage: JSON = [
            "input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 70, "output_tokens": 5,
        ]
        let json: JSON = ["content": [["type": "text", "text": "Hi"]], "stop_reason": "end_turn", "usage": usage]
        let answer = try read(json, price: Price(reader("{input: 1000000, cached_input: 0, output: 1000000}")))
        #expect(answer.usage.modelCalls == 1)
        #expect(answer.usage.inputTokens == 100)
        #expect(answer.usage.cachedInputTokens == 70)
        #expect(answer.usage.outputTokens == 5)
        #expect(answer.usage.costUSD == 35)
        #expect(answer.model == "configured")
    }

    @Test(
        "A cut, withheld or paused answer is a permanent failure when all of it is needed",
        arguments: [
            ("max_tokens", false), ("model_context_window_exceeded", false), ("refusal", true), ("pause_turn", true),
        ]
    )
    func cut(reason: String, isAlways: Bool) async throws {
        let text = answer([["type": "text", "text": "x"]], reason)
        #expect(await failure { try read(text) }?.class == (isAlways ? .permanent : nil))
        let failed = await failure { try read(text, request(schema: [:])) }
        #expect(failed?.class == .permanent)
        #expect(failed?.hint != nil)
        let call: JSON = ["type": "tool_use", "id": "t", "name": "n", "input": [:]]
        #expect(await failure { try read(answer([call], reason)) }?.class == .permanent)
        // The submitter of a batch gets the answer as it is.
        #expect(try read(text, request(body: [:])).text == "x")
    }

    @Test(
        "An answer that is not a complete message is a temporary failure",
        arguments: [
            [:], [], ["content": []], ["content": [], "stop_reason": .null],
            ["content": [["type": "tool_use", "input": [:]]], "stop_reason": "tool_use"],
        ] as [JSON]
    )
    func garbage(json: JSON) async throws {
        #expect(await failure { try read(json) }?.class == .temporary)
    }

    @Test("An error with status 200 gets the class of its type")
    func errorInside() async throws {
        let reply = FakeProvider.Reply(#"{"type":"error","error":{"type":"authentication_error","message":"no"}}"#)
        try await withModel(FakeProvider.always(reply), api: .anthropic) { model in
            #expect(await failure { try await model.complete(request()) }?.class == .permanent)
            #expect(model.limiter.isStopped)
        }
    }

    @Test("The worst case is one token per three bytes, and the longest answer")
    func worstCase() async throws {
        try await withModel("http://127.0.0.1:1", "price: {input: 1000000, output: 1}", api: .anthropic) { model in
            let bytes = try body(request(body: ["stream": true])).bytes.count
            let usage = model.worstCase(of: request(body: [:]))
            #expect(usage.modelCalls == 1)
            #expect(usage.outputTokens == 4_096)
            #expect(usage.inputTokens >= bytes / 3)
            #expect(usage.inputTokens < bytes)
            #expect(usage.costUSD == Double(usage.inputTokens) + 0.004096)
            #expect(model.worstCase(of: request(body: ["max_tokens": 9])).outputTokens == 9)
        }
    }
}
