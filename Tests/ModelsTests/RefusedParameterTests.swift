import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Models

@Suite("Parameters that a server refuses", .timeLimit(.minutes(1)))
struct RefusedParameterTests {
    /// One way in which a server refuses a member of a request.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var status = 400
        /// The member that is refused while it is in the request.
        var member: String
        var error: String
        var parameters: String
        /// The member that the request has instead; nil when there is none.
        var replacement: String?

        var testDescription: String { name }
    }

    private static func openAI(_ message: String, param: String = "null", code: String = "null") -> String {
        #"{"error":{"message":"\#(message)","type":"invalid_request_error","param":\#(param),"code":\#(code)}}"#
    }

    static let rows: [Row] = [
        Row(
            name: "the parameter and a code",
            member: "temperature",
            error: openAI(
                "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) is supported.",
                param: #""temperature""#,
                code: #""unsupported_value""#
            ),
            parameters: "{temperature: 0}"
        ),
        Row(
            name: "another name is wanted",
            member: "max_tokens",
            error: openAI(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                param: #""max_tokens""#,
                code: #""unsupported_parameter""#
            ),
            parameters: "{max_tokens: 99}",
            replacement: "max_completion_tokens"
        ),
        Row(
            name: "the older name is wanted",
            status: 422,
            member: "max_completion_tokens",
            error:
                #"{"detail":[{"type":"extra_forbidden","loc":["body","max_completion_tokens"],"msg":"Extra inputs"}]}"#,
            parameters: "{max_completion_tokens: 99}",
            replacement: "max_tokens"
        ),
        Row(
            name: "FastAPI's details inside a message that is an object",
            status: 422,
            member: "stream_options",
            error: #"""
                {"object":"error","type":"invalid_request_error","param":null,"code":null,"message":{"detail":
                [{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"extra inputs are not permitted"}]}}
                """#,
            parameters: "{}"
        ),
        Row(
            name: "FastAPI's details as a text inside the message",
            status: 422,
            member: "seed",
            error: #"""
                {"object":"error","message":"{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"seed\"],
                \"msg\":\"Extra inputs are not permitted\"}]}","code":"1000"}
                """#.split(separator: "\n").joined(),
            parameters: "{seed: 7}"
        ),
        Row(
            name: "Python's form of the details",
            member: "top_p",
            error:
                #"{"object":"error","message":"[{'type': 'extra_forbidden', 'loc': ('body', 'top_p'), 'msg': 'Extra'}]"}"#,
            parameters: "{top_p: 1}"
        ),
        Row(
            name: "named in quotes",
            member: "parallel_tool_calls",
            error: openAI("Unknown name \\\"parallel_tool_calls\\\": Cannot find field."),
            parameters: "{parallel_tool_calls: false}"
        ),
        Row(
            name: "named bare",
            member: "temperature",
            error: #"{"error":"this model does not support temperature"}"#,
            parameters: "{temperature: 1}"
        ),
        Row(
            name: "an old server that names what it does not know",
            member: "reasoning_effort",
            error: openAI("Unrecognized request argument supplied: reasoning_effort"),
            parameters: "{reasoning_effort: low}"
        ),
        Row(
            name: "streams are not allowed for this key",
            member: "stream",
            error: openAI("Your organization must be verified to stream this model.", param: #""stream""#),
            parameters: "{}"
        ),
        Row(
            name: "a member inside",
            member: "stream_options",
            error: openAI(
                "Unknown parameter: 'stream_options.include_usage'.",
                param: #""stream_options.include_usage""#
            ),
            parameters: "{}"
        ),
        Row(
            name: "thinking",
            member: "thinking",
            error: #"{"type":"error","error":{"type":"invalid_request_error","message":"thinking is not supported"}}"#,
            parameters: "{thinking: {type: enabled}}"
        ),
    ]

    private static let answer =
        #"{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}"#

    @Test("A refused member is left out or renamed, and the request is sent again in the same call", arguments: rows)
    func leftOut(row: Row) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return request.body[row.member] == nil ? .init(Self.answer) : .init(row.status, row.error)
        }
        let texts = try await withModel(respond, "parameters: \(row.parameters)") { model in
            [try await model.complete(request()).text, try await model.complete(request()).text]
        }
        #expect(texts == ["fine", "fine"])
        let bodies = recorder.requests.map(\.body)
        #expect(bodies.count == 3, "the second call knows what the server refused in the first one")
        #expect(bodies.first?[row.member] != nil)
        for body in bodies.dropFirst() {
            #expect(body[row.member] == nil)
            if let replacement = row.replacement { #expect(body[replacement] == bodies[0][row.member]) }
        }
    }

    @Test("Several refused members are left out, whether one answer names them or several do")
    func several() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            let refused = ["seed", "user", "top_p", "logprobs"].filter { request.body[$0] != nil }
            if refused.isEmpty { return .init(Self.answer) }
            let details = refused.prefix(2).map {
                #"{"type":"extra_forbidden","loc":["body","\#($0)"],"msg":"Extra inputs are not permitted"}"#
            }
            return .init(422, #"{"detail":[\#(details.joined(separator: ","))]}"#)
        }
        let text = try await withModel(respond, "parameters: {seed: 1, user: u, top_p: 1, logprobs: true}") { model in
            try await model.complete(request()).text
        }
        #expect(text == "fine")
        #expect(recorder.requests.count == 3)
    }

    @Test(
        "An error that refuses no parameter fails after one request",
        arguments: [
            openAI("Invalid 'temperature': above maximum value. Expected <= 2, but got 5.", param: #""temperature""#),
            openAI(
                "'max_tokens' is too large: 99. This model's maximum context length is 50 tokens.",
                param: #""max_tokens""#
            ),
            openAI("unknown field", param: #""messages""#),
            openAI("Unsupported model 'm'", param: #""model""#),
            openAI("tools are not supported", param: #""tools""#),
            openAI("the request is not supported"),
            #"{"detail":[{"type":"less_than_equal","loc":["body","temperature"],"msg":"Input should be less than or equal to 2"}]}"#,
        ]
    )
    func noRefusal(error: String) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(400, error)
        }
        try await withModel(respond, "parameters: {temperature: 5, max_tokens: 99}") { model in
            let failure = await failure { try await model.complete(request()) }
            #expect(failure?.class == .permanent)
        }
        #expect(recorder.requests.count == 1)
    }

    @Test("A server that refuses one member after the other gets a limited number of requests")
    func bound() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            let name = request.body.object?.keys.first { $0.hasPrefix("x_") } ?? ""
            return .init(400, Self.openAI("Unknown parameter: '\(name)'", param: #""\#(name)""#))
        }
        let parameters = (1...20).map { "x_\($0): 1" }.joined(separator: ", ")
        try await withModel(respond, "parameters: {\(parameters)}") { model in
            #expect(await failure { try await model.complete(request()) }?.class == .permanent)
        }
        #expect(recorder.requests.count == UnsupportedParameterStore.roundsMax)
    }

    @Test("A refused response_format is sent in the next form, and at last in the prompt")
    func structured() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return request.body["response_format"] == nil
                ? .init(Self.answer)
                : .init(400, #"{"error":{"message":"This response_format type is unavailable now"}}"#)
        }
        let texts = try await withModel(respond) { model in
            let asked = request(schema: ["type": "object"])
            return [try await model.complete(asked).text, try await model.complete(asked).text]
        }
        #expect(texts == ["fine", "fine"])
        let bodies = recorder.requests.map(\.body)
        #expect(bodies.count == 4)
        #expect(bodies.map { $0["response_format"]?["type"] } == ["json_schema", "json_object", nil, nil])
        #expect(bodies.last?["messages"]?.text.contains("JSON Schema") == true)
    }

    @Test("A configured form stays, and the failure holds the server's message")
    func structuredByName() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(400, #"{"error":{"message":"response_format is not supported"}}"#)
        }
        try await withModel(respond, "structured: json_schema") { model in
            for _ in 0..<3 {
                let failure = await failure { try await model.complete(request(schema: ["type": "object"])) }
                #expect(failure?.message.contains("response_format is not supported") == true)
            }
        }
        #expect(recorder.requests.count == 3)
        #expect(recorder.requests.allSatisfy { $0.body["response_format"]?["type"] == "json_schema" })
    }

    @Test("A member that a server refused for a step stays in a batch line that sets it")
    func lineKeeps() {
        var refused = UnsupportedParameters()
        let isNews = refused.note(UnsupportedParameters.Refusal(name: "temperature"), seen: UnsupportedParameters())
        #expect(isNews)
        let body: JSON = ["messages": [], "temperature": 0]
        #expect(refused.applied(to: body) == ["messages": []])
        #expect(refused.applied(to: body, keeping: ["temperature": 0]) == body)
    }

    @Test("A refused member that a batch line sets is not left out")
    func batchLine() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(400, Self.openAI("Unknown parameter: 'seed'", param: #""seed""#))
        }
        try await withModel(respond) { model in
            let body: JSON = ["messages": [["role": "user", "content": "Hi"]], "seed": 7]
            #expect(await failure { try await model.complete(request(body: body)) }?.message.contains("seed") == true)
        }
        #expect(recorder.requests.count == 1)
    }
}
