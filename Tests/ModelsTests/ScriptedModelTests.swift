import Documents
import Jobs
import Testing

@testable import Models

@Suite("The scripted model")
struct ScriptedModelTests {
    private func ask(_ script: String, _ request: ChatRequest = request(), price: Price? = nil) async throws
        -> ChatAnswer
    {
        try await withFile(script) { path in
            try await ScriptedModel(name: "default", scriptPath: path, price: price).complete(request)
        }
    }

    private func error(_ script: String) async throws -> String {
        try await withFile(script) { path in
            let error = #expect(throws: DocumentError.self) { try ScriptedModel(name: "m", scriptPath: path) }
            return error.map { "\($0)".replacing(path, with: "FILE") } ?? ""
        }
    }

    @Test("The first rule that fits answers")
    func firstMatch() async throws {
        let script = """
            - {when: "^Bye", reply: first}
            - {when: "ell", reply: second}
            - {reply: third}
            """
        #expect(try await ask(script).text == "second")
        #expect(try await ask(script, request("What?")).text == "third")
    }

    @Test("Captures fill texts, JSON and arguments, and without the condition when a dollar sign stays")
    func captures() async throws {
        let ask7 = request("order 4711 of Ann")
        let when = #"when: 'order (\d+) of (\w+)( now)?'"#
        #expect(try await ask("- {\(when), reply: '$2: $1$3 $9 $ $0'}", ask7).text == "Ann: 4711  $ order 4711 of Ann")
        #expect(
            try await ask("- {\(when), json: {order: $1, n: [1, $2]}}", ask7).text == #"{"order":"4711","n":[1,"Ann"]}"#
        )
        let calls = try await ask("- {\(when), tool_calls: [{name: find, arguments: {order: $1}}]}", ask7).toolCalls
        #expect(calls.first?.arguments == #"{"order":"4711"}"#)
        #expect(try await ask("- {reply: costs $1}").text == "costs $1")
    }

    @Test("The condition turn counts the assistant's messages, and system matches the system message")
    func conditions() async throws {
        let script = """
            - {turn: 2, reply: again}
            - {system: "brief$", reply: short}
            - {system: "", reply: any}
            """
        #expect(try await ask(script, request(system: "Be brief")).text == "short")
        var later = request()
        later.messages += [ChatMessage(.assistant, "a"), ChatMessage(.user, "b")]
        #expect(try await ask(script, later).text == "again")
        #expect(try await ask(script).text == "any")
    }

    @Test("The reply json may be any JSON value", arguments: [("null", "null"), ("[1]", "[1]"), ("text", #""text""#)])
    func json(yaml: String, expected: String) async throws {
        #expect(try await ask("- json: \(yaml)").text == expected)
    }

    @Test("Tool calls have ids that are unique in the conversation and the same in every run")
    func toolCalls() async throws {
        let script = "- tool_calls: [{name: a, arguments: {x: 1}}, {name: b}, {name: c, arguments: '{broken'}]"
        var request = request()
        #expect(
            try await ask(script, request).toolCalls == [
                ModelToolCall(id: "call_1", name: "a", arguments: #"{"x":1}"#),
                ModelToolCall(id: "call_2", name: "b", arguments: "{}"),
                ModelToolCall(id: "call_3", name: "c", arguments: "{broken"),
            ]
        )
        request.messages.append(ChatMessage(.assistant, "", toolCalls: try await ask(script, request).toolCalls))
        #expect(try await ask(script, request).toolCalls.map(\.id) == ["call_4", "call_5", "call_6"])
    }

    @Test("A rule with fail and times fails that many attempts, and then later rules apply")
    func failTimes() async throws {
        let script = "- fail: {status: 503, retry_after: 2s, times: 2}\n- reply: done"
        for attempt in 1...2 {
            let failure = await failure { try await ask(script, request(attempt: attempt)) }
            #expect(failure?.class == .temporary)
            #expect(failure?.retryAfter == .seconds(2))
        }
        #expect(try await ask(script, request(attempt: 3)).text == "done")
    }

    @Test("A rule with fail and without times fails every attempt, with the class of its status")
    func failForEver() async throws {
        let script = "- fail: {status: 401}\n- reply: done"
        #expect(await failure { try await ask(script, request(attempt: 99)) }?.class == .permanent)
        let wait = await pause { try await ask("- fail: {status: 429, retry_after: 0.5}") }?.duration
        #expect(wait == .milliseconds(500))
    }

    @Test("A message that fits no rule is a permanent failure with a hint, which does not show the message")
    func noRule() async throws {
        let failure = try #require(await failure { try await ask("- {when: x, reply: y}", request("private")) })
        #expect(failure.class == .permanent)
        #expect(failure.hint != nil)
        #expect(!failure.message.contains("private"))
    }

    @Test("A scripted answer reports that it is no model, and is the same in every run")
    func body() async throws {
        let answer = try await ask("- {reply: Hi, usage: {input_tokens: 10, output_tokens: 2, cached_input_tokens: 4}}")
        #expect(answer.model == "scripted (no model): default")
        let id = try #require(answer.body["id"]?.string)
        #expect(id.hasPrefix("chatcmpl-"))
        #expect(
            answer.body == [
                "id": .string(id), "object": "chat.completion", "created": 0, "model": .string(answer.model),
                "choices": [
                    [
                        "index": 0, "message": ["role": "assistant", "content": "Hi", "refusal": .null],
                        "logprobs": .null, "finish_reason": "stop",
                    ]
                ],
                "usage": [
                    "prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12,
                    "prompt_tokens_details": ["cached_tokens": 4],
                ],
            ]
        )
        #expect(try await ask("- reply: Hi").body["id"]?.string == id)
        var other = request()
        other.idempotencyKey = "other"
        #expect(try await ask("- reply: Hi", other).body["id"]?.string != id)
    }

    @Test("Tokens are estimated from bytes, at least one, and the price sets their cost")
    func usage() async throws {
        let price = try Price(reader("{input: 1000000, output: 1000000}"))
        let answer = try await ask("- reply: '123456789'", request("x", system: "12345678"), price: price)
        #expect(answer.usage.modelCalls == 1)
        #expect(answer.usage.inputTokens == 2)
        #expect(answer.usage.outputTokens == 2)
        #expect(answer.usage.costUSD == 4)
        #expect(try await ask("- reply: ''").usage.outputTokens == 1)
    }

    @Test(
        "The messages of a ready body are read in OpenAI's and in Anthropic's form",
        arguments: [
            ["messages": [["role": "system", "content": "S"], ["role": "user", "content": "find me"]]],
            [
                "messages": [
                    ["role": "developer", "content": "S"],
                    ["role": "user", "content": [["type": "text", "text": "find me"]]],
                ]
            ],
            ["max_tokens": 5, "system": "S", "messages": [["role": "user", "content": "find me"]]],
            [
                "system": [["type": "text", "text": "S"]],
                "messages": [
                    [
                        "role": "user",
                        "content": [
                            [
                                "type": "tool_result", "tool_use_id": "t",
                                "content": [["type": "text", "text": "find me"]],
                            ]
                        ],
                    ]
                ],
            ],
        ] as [JSON]
    )
    func readyBody(body: JSON) async throws {
        let script = "- {when: '^find me$', system: '^S$', turn: 1, reply: found}"
        #expect(try await ask(script, request("else", body: body)).text == "found")
    }

    @Test("A rule's delay uses the clock that was passed in")
    func delay() async throws {
        let clock = RecordingClock()
        let answer = try await withFile("- {delay: 90m, reply: late}") { path in
            try await ScriptedModel(name: "m", scriptPath: path, clock: clock).complete(request())
        }
        #expect(answer.text == "late")
        #expect(clock.slept == [.seconds(5_400)])
    }

    @Test(
        "An invalid script is refused with line and member",
        arguments: [
            ("- reply: a\n- {when: '(', reply: b}", "FILE:2: 1.when: not a regular expression"),
            ("- {reply: a, json: 1}", "FILE:1: 0: exactly one of reply, json, tool_calls and fail"),
            ("- {when: a}", "FILE:1: 0: exactly one of"),
            ("- {replay: a}", "FILE:1: 0.replay: unknown member; did you mean \"reply\"?"),
            ("- {reply: 5}", "FILE:1: 0.reply: a string was expected"),
            ("- {turn: 0, reply: a}", "FILE:1: 0.turn: a whole number"),
            ("- {delay: 5, reply: a}", "FILE:1: 0.delay: a duration"),
            ("- {tool_calls: []}", "FILE:1: 0.tool_calls: a list with at least one call"),
            ("- tool_calls:\n  - {arguments: {}}", "FILE:2: 0.tool_calls.0: name is missing"),
            ("- {tool_calls: [{name: a, arguments: 5}]}", "0.tool_calls.0.arguments: an object"),
            ("- {fail: {times: 1}}", "0.fail: status is missing"),
            ("- {fail: {status: 200}}", "0.fail.status: a whole number from 400 to 599"),
            ("- {fail: {status: 500, retry_after: x}}", "0.fail.retry_after: a duration"),
            ("- {reply: a, usage: {input_tokens: 1, cached_input_tokens: 2}}", "0.usage.cached_input_tokens"),
            ("[]", "the list of rules is empty"),
            ("reply: a", "a list of rules was expected, not an object"),
            ("- [", "not valid YAML"),
        ]
    )
    func wrong(script: String, reason: String) async throws {
        let error = try await error(script)
        #expect(error.contains(reason), "\(error)")
    }

    @Test("A missing script is refused with its path")
    func missing() {
        let error = #expect(throws: DocumentError.self) {
            try ScriptedModel(name: "m", scriptPath: "/nonexistent/script.yaml")
        }
        #expect(error?.description.contains("/nonexistent/script.yaml") == true)
    }
}
