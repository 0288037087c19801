import Documents
import Jobs
import Testing

@testable import Models

@Suite("Servers that refuse a form of structured answers", .timeLimit(.minutes(1)))
struct StructuredFallbackTests {
    private static let good =
        #"{"choices":[{"message":{"content":"{\"a\":1}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#

    /// A server that accepts only these types of `response_format`.
    private static func server(_ known: [String], _ recorder: Recorder, refusal: String) -> FakeProvider.Respond {
        { request in
            recorder.add(request)
            guard let type = request.body["response_format"]?["type"]?.string, !known.contains(type) else {
                return FakeProvider.Reply(good)
            }
            return FakeProvider.Reply(400, #"{"error":{"message":"\#(refusal)","type":"invalid_request_error"}}"#)
        }
    }

    private static func types(_ recorder: Recorder) -> [String] {
        recorder.requests.map { $0.body["response_format"]?["type"]?.string ?? "none" }
    }

    @Test(
        "The next form is tried in the same attempt, and the accepted form is remembered",
        arguments: [
            "This response_format type is unavailable now",
            "This model does not support response format `json_schema`.",
            "'response_format.type' is not supported", "structured outputs are not supported by this model",
        ]
    )
    func remembered(refusal: String) async throws {
        let recorder = Recorder()
        let asked = request(schema: ["type": "object", "title": "Zebra"])
        try await withModel(Self.server(["json_object"], recorder, refusal: refusal)) { model in
            for _ in 0..<2 {
                let answer = try await model.complete(asked)
                #expect(answer.text == #"{"a":1}"#)
            }
        }
        #expect(Self.types(recorder) == ["json_schema", "json_object", "json_object"])
        #expect(recorder.requests[1].body["messages"]?.text.contains("Zebra") == true)
    }

    @Test("A server that accepts no form gets the schema in the prompt")
    func prompt() async throws {
        let recorder = Recorder()
        let asked = request(schema: ["type": "object", "title": "Zebra"])
        try await withModel(Self.server([], recorder, refusal: "response_format is not supported")) { model in
            for _ in 0..<2 { _ = try await model.complete(asked) }
        }
        #expect(Self.types(recorder) == ["json_schema", "json_object", "none", "none"])
        #expect(recorder.requests[3].body["messages"]?.text.contains("Zebra") == true)
    }

    @Test("A configured form does not change")
    func named() async throws {
        let recorder = Recorder()
        let respond = Self.server([], recorder, refusal: "response_format is not supported")
        let failed = try await withModel(respond, "structured: json_object") { model in
            await failure { try await model.complete(request(schema: ["type": "object"])) }
        }
        #expect(failed?.class == .permanent)
        #expect(Self.types(recorder) == ["json_object"])
    }
}
