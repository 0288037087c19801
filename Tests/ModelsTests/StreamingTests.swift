import Documents
import Jobs
import NIOHTTP1
import TestKit
import Testing

@testable import Models

@Suite("Streamed answers", .timeLimit(.minutes(1)))
struct StreamingTests {
    private static func events(_ texts: [String]) -> [String] { texts.map { "data: \($0)\n\n" } }

    static let openAI = events([
        #"{"id":"c","object":"chat.completion.chunk","created":5,"model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"content":"Hé"}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"content":"llo"}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"get","arguments":""}}]}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"t2","function":{"name":"put","arguments":"{broken"}},{"index":0,"function":{"arguments":"1}"}}]}}]}"#,
        #"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
        #"{"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
        "[DONE]",
    ])

    static let anthropic = events([
        #"{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"claude","stop_reason":null,"usage":{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":1}}}"#,
        #"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        #"{"type":"ping"}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hé"}}"#,
        #"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"llo"}}"#,
        #"{"type":"content_block_stop","index":0}"#,
        #"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"get","input":{}}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
        #"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}"#,
        #"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t2","name":"put","input":{}}}"#,
        #"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{broken"}}"#,
        #"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":4}}"#,
        #"{"type":"message_stop"}"#,
    ])

    private static func pieces(_ api: API) -> [String] { api == .openAI ? openAI : anthropic }

    private func failure(_ pieces: [String], _ api: API, ending: FakeProvider.Ending = .end) async throws
        -> Failure?
    {
        try await withModel(FakeProvider.always(.stream(pieces, ending: ending)), api: api) { model in
            await ModelsTests.failure { try await model.complete(request()) }
        }
    }

    @Test("A requested stream yields text, tool calls and usage", arguments: [API.openAI, .anthropic])
    func whole(api: API) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .stream(Self.pieces(api))
        }
        let answer = try await withModel(respond, api: api) { try await $0.complete(request()) }
        #expect(recorder.requests.first?.body["stream"] == true)
        #expect(answer.text == "Héllo")
        #expect(
            answer.toolCalls == [
                ModelToolCall(id: "t1", name: "get", arguments: #"{"a":1}"#),
                ModelToolCall(id: "t2", name: "put", arguments: "{broken"),
            ]
        )
        #expect(answer.usage.tokens == (api == .openAI ? 7 : 9))
        #expect(answer.usage.cachedInputTokens == (api == .openAI ? 0 : 2))
    }

    @Test("The assembled chat completion is the same as one without streaming")
    func openAIBody() async throws {
        let answer = try await withModel(FakeProvider.always(.stream(Self.openAI))) { try await $0.complete(request()) }
        #expect(
            answer.body == [
                "id": "c", "created": 5, "model": "gpt", "object": "chat.completion",
                "choices": [
                    [
                        "index": 0,
                        "message": [
                            "role": "assistant", "content": "Héllo",
                            "tool_calls": [
                                [
                                    "id": "t1", "type": "function",
                                    "function": ["name": "get", "arguments": "{\"a\":1}"],
                                ],
                                ["id": "t2", "function": ["name": "put", "arguments": "{broken"]],
                            ],
                        ],
                        "finish_reason": "tool_calls",
                    ]
                ],
                "usage": ["prompt_tokens": 3, "completion_tokens": 4],
            ]
        )
    }

    @Test("The assembled message is the same as one without streaming")
    func anthropicBody() async throws {
        let reply = FakeProvider.Reply.stream(Self.anthropic)
        let answer = try await withModel(FakeProvider.always(reply), api: .anthropic) {
            try await $0.complete(request())
        }
        #expect(
            answer.body == [
                "id": "m", "type": "message", "role": "assistant",
                "content": [
                    ["type": "text", "text": "Héllo"],
                    ["type": "tool_use", "id": "t1", "name": "get", "input": ["a": 1]],
                    ["type": "tool_use", "id": "t2", "name": "put", "input": "{broken"],
                ],
                "model": "claude", "stop_reason": "tool_use",
                "usage": ["input_tokens": 3, "cache_read_input_tokens": 2, "output_tokens": 4],
                "stop_sequence": .null,
            ]
        )
    }

    @Test("Several choices, reasoning and log probabilities are each assembled separately")
    func choices() throws {
        var stream = OpenAIStreamAssembler()
        for chunk: JSON in [
            ["choices": [["index": 1, "delta": ["content": "b", "reasoning_content": "x"]]]],
            [
                "choices": [
                    ["index": 0, "delta": ["content": "a"], "logprobs": ["content": [1]]],
                    ["index": 1, "delta": ["content": "B", "reasoning_content": "y"], "finish_reason": "stop"],
                ]
            ],
            ["choices": [["index": 0, "delta": [:], "logprobs": ["content": [2]], "finish_reason": "length"]]],
        ] { try stream.take(chunk) }
        #expect(
            stream.answer["choices"] == [
                [
                    "index": 0, "message": ["role": "assistant", "content": "a"], "logprobs": ["content": [1, 2]],
                    "finish_reason": "length",
                ],
                [
                    "index": 1, "message": ["role": "assistant", "content": "bB", "reasoning_content": "xy"],
                    "finish_reason": "stop",
                ],
            ]
        )
    }

    @Test("A stream with too many tool calls in all its choices is refused")
    func callsInEveryChoice() throws {
        var stream = OpenAIStreamAssembler()
        func chunk(_ index: Int) -> JSON {
            let calls = (0..<1_000).map { ["index": .int(Int64($0)), "function": ["name": "get"]] as JSON }
            return ["choices": [["index": .int(Int64(index)), "delta": ["tool_calls": .array(calls)]]]]
        }
        try stream.take(chunk(0))
        #expect(throws: StreamFault.self) { try stream.take(chunk(1)) }
    }

    @Test("A stream that comes byte by byte gives the same answer", arguments: [API.openAI, .anthropic])
    func bytes(api: API) async throws {
        var stream = EventStream()
        var assembly = api.provider.streamAssembler()
        for byte in Self.pieces(api).joined().utf8 {
            for event in stream.append([byte]) where !event.data.elementsEqual("[DONE]".utf8) {
                try assembly.take(JSONParser.parse(event.data))
            }
        }
        let answer = try api.provider.read(
            assembly.answer,
            for: request(),
            AnswerContext(model: "m", provider: API.openAI.provider)
        )
        #expect(answer.text == "Héllo")
        #expect(answer.toolCalls.count == 2)
    }

    @Test(
        "A stream that ends before its answer does is a temporary failure, wherever it is cut",
        arguments: [API.openAI, .anthropic]
    )
    func truncated(api: API) async throws {
        let pieces = Self.pieces(api)
        // The event with the finish reason, counted from the end.
        let reason = pieces.count - (api == .openAI ? 3 : 2)
        for count in 0...reason {
            let failure = try await failure(Array(pieces[..<count]), api)
            #expect(failure?.class == .temporary, "cut after \(count)")
        }
        let usage = try await failure(Array(pieces[..<reason]), api)?.usage
        // The output so far counts as usage, whether the provider has reported it or not.
        #expect(usage?.isEstimated == (api == .openAI))
        #expect(api == .openAI ? usage?.outputTokens ?? 0 > 0 : usage?.inputTokens == 5)
    }

    @Test("An answer with [DONE] but without a finish reason fails, and one without [DONE] is complete")
    func done() async throws {
        let reason = Self.openAI.count - 3
        #expect(try await failure(Array(Self.openAI[..<reason]) + ["data: [DONE]\n\n"], .openAI)?.class == .temporary)
        #expect(try await failure(Array(Self.openAI[...reason]), .openAI) == nil)
    }

    @Test("A stream that stalls after the end of its answer is accepted", arguments: [API.openAI, .anthropic])
    func afterwards(api: API) async throws {
        #expect(try await failure(Self.pieces(api), api, ending: .stall) == nil)
    }

    @Test("A connection that breaks off mid-stream is a temporary failure", arguments: [API.openAI, .anthropic])
    func brokenOff(api: API) async throws {
        let failure = try await failure(Array(Self.pieces(api)[..<3]), api, ending: .hangUp)
        #expect(failure?.class == .temporary)
        #expect(failure?.message.hasPrefix("no answer from 127.0.0.1:") == true)
    }

    @Test("An event that is not JSON, or a piece out of order, is a temporary failure")
    func garbage() async throws {
        for api in [API.openAI, .anthropic] {
            let failure = try await failure(Self.pieces(api)[..<2] + ["data: {\"a\n\n"], api)
            #expect(failure?.class == .temporary)
            #expect(failure?.message.contains("not JSON") == true)
        }
        let piece = #"data: {"type":"content_block_delta","index":4,"delta":{}}"# + "\n\n"
        #expect(try await failure([Self.anthropic[0], piece], .anthropic)?.message.contains("no block") == true)
        let call = #"data: {"choices":[{"delta":{"tool_calls":[{"index":9999999}]}}]}"# + "\n\n"
        #expect(try await failure([call], .openAI)?.message.contains("9999999") == true)
    }

    @Test("A tool call without a name is a temporary failure", arguments: [API.openAI, .anthropic])
    func nameless(api: API) async throws {
        let pieces = Self.pieces(api).map { $0.replacing(#""name":"put","#, with: "") }
        let failure = try await failure(pieces, api)
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("a tool call names no") == true)
        #expect((failure?.usage?.tokens ?? 0) > 0)
    }

    @Test(
        "An error in the stream has the class of its type",
        arguments: [
            ("overloaded_error", FailureClass.temporary), ("api_error", .temporary), ("rate_limit_error", .temporary),
            ("invalid_request_error", .permanent), ("authentication_error", .permanent), ("unheard_of", .temporary),
        ]
    )
    func errorEvent(type: String, expected: FailureClass) async throws {
        let error = #"{"type":"error","error":{"type":"\#(type)","message":"m"}}"#
        for api in [API.openAI, .anthropic] {
            let failure = try await failure(Self.pieces(api)[..<2] + ["event: error\ndata: \(error)\n\n"], api)
            #expect(failure?.class == expected)
            #expect(failure?.message.contains("(\(type)): m") == true)
            #expect(failure?.usage?.inputTokens == (api == .openAI ? nil : 5))
        }
    }

    @Test("A whole answer to a request for a stream is accepted")
    func plain() async throws {
        let reply = FakeProvider.Reply(ProviderModelTests.hello)
        let answer = try await withModel(FakeProvider.always(reply)) { try await $0.complete(request()) }
        #expect(answer.text == "Hi")
    }

    @Test("The setting stream: false requests no stream", arguments: [API.openAI, .anthropic])
    func turnedOff(api: API) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .stream(Self.pieces(api))
        }
        _ = try await withModel(respond, "stream: false", api: api) { try await $0.complete(request()) }
        #expect(recorder.requests.first?.body["stream"] == nil)
        #expect(recorder.requests.first?.body["stream_options"] == nil)
    }

    @Test("A stream that stalls is a temporary failure after idle_timeout", arguments: [API.openAI, .anthropic])
    func stalled(api: API) async throws {
        let clock = ManualClock()
        // Sent in one piece, because a piece that came after the clock was advanced would restart the wait.
        let reply = FakeProvider.Reply.stream([Self.pieces(api)[..<2].joined()], ending: .stall)
        let failure = try await withModel(
            FakeProvider.always(reply),
            "idle_timeout: 7s",
            api: api,
            clock: clock
        ) {
            model in
            async let failure = ModelsTests.failure { try await model.complete(request()) }
            await clock.whenSleeping(for: .seconds(7))
            clock.advance(by: .seconds(7))
            return await failure
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("stalled: nothing more of it came for 7s") == true)
    }

    @Test("The first byte may take longer than idle_timeout")
    func firstByte() async throws {
        let (clock, gate) = (ManualClock(), Gate())
        let respond: FakeProvider.Respond = { _ in
            try await gate.pass()
            return .stream(Self.openAI)
        }
        let answer = try await withModel(respond, "idle_timeout: 1s", clock: clock) { model in
            async let answer = model.complete(request())
            await clock.whenSleeping(for: .seconds(60))
            clock.advance(by: .seconds(59))
            gate.open()
            return try await answer
        }
        #expect(answer.text == "Héllo")
    }
}
