import Documents
import Jobs
import Testing

@testable import Models

@Suite("Requests in OpenAI's form")
struct OpenAIRequestTests {
    @Test("A request holds messages, tools, schema and parameters")
    func all() throws {
        var request = request(
            "Weather?",
            system: "Be brief.",
            tools: [ToolDescription(name: "get", description: "Gets.", parameters: ["type": "object"])],
            schema: ["title": "Ticket Kind!", "type": "object"]
        )
        request.messages += [
            ChatMessage(.assistant, "", toolCalls: [ModelToolCall(id: "c1", name: "get", arguments: "{}")]),
            ChatMessage(.tool, "sunny", toolCallID: "c1"),
            ChatMessage(.assistant, "It is sunny."),
        ]
        let body = try OpenAIRequest.body(request, model: "m", parameters: ["temperature": 0, "tools": []])
        #expect(
            body == [
                "model": "m",
                "messages": [
                    ["role": "system", "content": "Be brief."],
                    ["role": "user", "content": "Weather?"],
                    [
                        "role": "assistant", "content": .null,
                        "tool_calls": [
                            ["id": "c1", "type": "function", "function": ["name": "get", "arguments": "{}"]]
                        ],
                    ],
                    ["role": "tool", "content": "sunny", "tool_call_id": "c1"],
                    ["role": "assistant", "content": "It is sunny."],
                ],
                "tools": [
                    [
                        "type": "function",
                        "function": [
                            "name": "get", "description": "Gets.", "parameters": ["type": "object", "properties": [:]],
                        ],
                    ]
                ],
                "response_format": [
                    "type": "json_schema",
                    "json_schema": [
                        "name": "Ticket_Kind_", "schema": ["title": "Ticket Kind!", "type": "object"],
                    ],
                ],
                "temperature": 0,
            ]
        )
    }

    @Test("A schema's name is always valid for the API")
    func schemaName() {
        #expect(LegalName.ofSchema(nil) == "output")
        #expect(LegalName.ofSchema("") == "output")
        #expect(LegalName.ofSchema("a-b_C9") == "a-b_C9")
        #expect(LegalName.ofSchema(String(repeating: "ü", count: 90)) == String(repeating: "_", count: 64))
    }

    @Test("A ready body keeps its members, but gets the configured model and no streaming")
    func readyBody() throws {
        let line: JSON = [
            "model": "theirs", "messages": [], "stream": true, "stream_options": [:], "temperature": 1,
            "max_completion_tokens": 5,
        ]
        let parameters: JSON = ["temperature": 0, "seed": 7, "max_tokens": 100]
        let body = try OpenAIRequest.body(request(body: line), model: "ours", parameters: parameters)
        #expect(
            body == [
                "model": "ours", "messages": [], "temperature": 1, "max_completion_tokens": 5, "seed": 7,
            ]
        )
    }

    @Test(
        "A body that this provider would misread is refused",
        arguments: [["system": "x", "messages": []], "text"] as [JSON]
    )
    func misread(body: JSON) async throws {
        let failure = try #require(
            await failure { try OpenAIRequest.body(request(body: body), model: "m", parameters: [:]) }
        )
        #expect(failure.class == .permanent)
    }

    @Test("An idempotency key is encoded for a header, and different keys stay different")
    func idempotencyHeader() {
        #expect(IdempotencyHeader.value(for: "01JD-a.json/handle/2/model") == "01JD-a.json/handle/2/model")
        #expect(IdempotencyHeader.value(for: "a b\r\n%ü") == "a%20b%0D%0A%25%C3%BC")
        let long = String(repeating: "a", count: 300)
        let values = [long, long + "b"].map(IdempotencyHeader.value)
        #expect(values[0] != values[1])
        #expect(values.allSatisfy { $0.utf8.count == IdempotencyHeader.lengthMax })
    }
}
