import Documents
import Jobs
import Testing

@testable import Models

@Suite("Streamed tool calls as servers send them")
struct StreamedCallShapesTests {
    private static let paris = #"{\"city\":\"Paris\"}"#
    private static let oslo = #"{\"city\":\"Oslo\"}"#
    private static let both = [#"look {"city":"Paris"}"#, #"look {"city":"Oslo"}"#]
    private static let one = [#"look {"city":"Paris"}"#]

    private static func call(_ head: String, _ arguments: String, name: String? = "look") -> String {
        let named = name.map { #""name":"\#($0)","# } ?? ""
        return #"{\#(head)"function":{\#(named)"arguments":"\#(arguments)"}}"#
    }

    static let shapes: [RecordedAnswer] = [
        .pieces("by the book", [call(#""index":0,"id":"a","#, paris), call(#""index":1,"id":"b","#, oslo)], both),
        .pieces(
            "all with the index 0, told apart by id (Ollama, Gemini)",
            [call(#""index":0,"id":"a","#, paris), call(#""index":0,"id":"b","#, oslo)],
            both
        ),
        .pieces("no index", [call(#""id":"a","#, paris), call(#""id":"b","#, oslo)], both),
        .pieces("neither index nor id, calls whole", [call("", paris), call("", oslo)], both),
        .pieces(
            "the index 0 and no ids, calls whole",
            [call(#""index":0,"#, paris), call(#""index":0,"#, oslo)],
            both
        ),
        .pieces(
            "the index 0 and no ids, the name alone before the pieces of each call",
            [
                call(#""index":0,"#, ""), call(#""index":0,"#, paris, name: nil), call(#""index":0,"#, ""),
                call(#""index":0,"#, oslo, name: nil),
            ],
            both
        ),
        .pieces(
            "the index null",
            [call(#""index":null,"id":"a","#, paris), call(#""index":null,"id":"b","#, oslo)],
            both
        ),
        .pieces(
            "the index as text",
            [call(#""index":"0","id":"a","#, paris), call(#""index":"1","id":"b","#, oslo)],
            both
        ),
        .pieces(
            "the same index with a second name",
            [call(#""index":0,"#, paris), call(#""index":0,"#, oslo, name: "put")],
            [#"look {"city":"Paris"}"#, #"put {"city":"Oslo"}"#]
        ),
        .pieces(
            "the same index with a second name, in pieces",
            [
                call(#""index":0,"#, ""), call(#""index":0,"#, paris, name: nil),
                call(#""index":0,"#, #"{\"city\""#, name: "put"), call(#""index":0,"#, #":\"Oslo\"}"#, name: nil),
            ],
            [#"look {"city":"Paris"}"#, #"put {"city":"Oslo"}"#]
        ),
        .pieces(
            "id and name in each piece",
            [call(#""index":0,"id":"a","#, #"{\"city\":"#), call(#""index":0,"id":"a","#, #"\"Paris\"}"#)],
            one
        ),
        .pieces(
            "id and name only in the first piece",
            [call(#""index":0,"id":"a","#, ""), call(#""index":0,"#, paris, name: nil)],
            one
        ),
        .pieces(
            "id and name empty in later pieces",
            [call(#""index":0,"id":"a","#, #"{\"city\":"#), call(#""index":0,"id":"","#, #"\"Paris\"}"#, name: "")],
            one
        ),
        .pieces(
            "another id in each piece of one call (vLLM)",
            [call(#""index":0,"id":"a","#, #"{\"city\":"#), call(#""index":0,"id":"b","#, #"\"Paris\"}"#, name: nil)],
            one
        ),
        .pieces(
            "the index counts from 1, with a hole",
            [call(#""index":1,"id":"a","#, paris), call(#""index":4,"id":"b","#, oslo)],
            both
        ),
        .pieces(
            "pieces of two calls in turns",
            [
                call(#""index":0,"id":"a","#, #"{\"city\":"#), call(#""index":1,"id":"b","#, #"{\"city\":"#),
                call(#""index":0,"#, #"\"Paris\"}"#, name: nil), call(#""index":1,"#, #"\"Oslo\"}"#, name: nil),
            ],
            both
        ),
        .pieces("two whole calls in one chunk", [call("", paris) + "," + call("", oslo)], both),
        .pieces(
            "two whole calls in one chunk with the same index and no ids",
            [call(#""index":0,"#, paris) + "," + call(#""index":0,"#, oslo)],
            both
        ),
        .pieces(
            "the same id twice",
            [call(#""index":0,"id":"a","#, paris), call(#""index":1,"id":"a","#, oslo)],
            both
        ),
        .pieces(
            "the whole call once more at the end",
            [call(#""index":0,"id":"a","#, paris), call(#""index":0,"id":"a","#, paris)],
            one
        ),
        .pieces(
            "each piece repeats what came before it",
            [
                call(#""index":0,"id":"a","#, #"{\"ci"#), call(#""index":0,"id":"a","#, #"{\"city\":\"Pa"#),
                call(#""index":0,"id":"a","#, paris),
            ],
            one
        ),
        .pieces(
            "arguments as an object",
            [#"{"index":0,"id":"a","function":{"name":"look","arguments":{"city":"Paris"}}}"#],
            one
        ),
        .pieces("arguments null", [#"{"index":0,"id":"a","function":{"name":"look","arguments":null}}"#], ["look {}"]),
        .pieces("arguments empty", [call(#""index":0,"id":"a","#, "")], ["look {}"]),
        .pieces("no arguments", [#"{"index":0,"id":"a","function":{"name":"look"}}"#], ["look {}"]),
        .pieces("arguments encoded twice", [call(#""index":0,"id":"a","#, #"\"{\\\"city\\\":\\\"Paris\\\"}\""#)], one),
        .pieces("name and arguments beside the id", [#"{"id":"a","name":"look","arguments":"\#(paris)"}"#], one),
        .deltas(
            "one call that is no list",
            [#"{"tool_calls":\#(call(#""id":"a","#, paris))}"#],
            finish: #""tool_calls""#,
            .calls(one)
        ),
        .deltas(
            "the form before tools",
            [
                #"{"function_call":{"name":"look","arguments":"{\"city\":"}}"#,
                #"{"function_call":{"arguments":"\"Paris\"}"}}"#,
            ],
            finish: #""function_call""#,
            .calls(one)
        ),
        .deltas(
            "calls that end with stop (Gemini)",
            [#"{"tool_calls":[\#(call(#""index":0,"id":"a","#, paris))]}"#],
            .calls(one)
        ),
        .chunks(
            "the whole message in the last chunk, after its pieces",
            [
                #"{"choices":[{"delta":{"tool_calls":[\#(call(#""index":0,"id":"a","#, paris))]}}]}"#,
                #"{"choices":[{"message":{"role":"assistant","tool_calls":[\#(call(#""id":"a","#, paris))]},"finish_reason":"tool_calls"}]}"#,
            ],
            .calls(one)
        ),
        .chunks(
            "messages in the place of deltas",
            [
                #"{"choices":[{"message":{"content":"Hel"}}]}"#,
                #"{"choices":[{"message":{"content":"lo"},"finish_reason":"stop"}]}"#,
            ],
            .text("Hello")
        ),
        .deltas(
            "a reason for calls, and no call",
            [#"{"content":"Let me look."}"#],
            finish: #""tool_calls""#,
            .failure(.temporary, "holds no tool call")
        ),
        .pieces(
            "a name with a namespace stays as the model wrote it",
            [call(#""id":"a","#, paris, name: "functions.look")],
            [#"functions.look {"city":"Paris"}"#]
        ),
    ]

    @Test("Each shape yields the calls that the model made", arguments: shapes)
    func shape(shape: RecordedAnswer) { #expect(shape.seen() == shape.outcome) }

    @Test("Missing and duplicate ids become ids that are unique in the whole conversation")
    func ids() throws {
        let shape = RecordedAnswer.pieces(
            "",
            [
                Self.call(#""index":0,"id":"a","#, Self.paris), Self.call(#""index":1,"id":"a","#, Self.oslo),
                Self.call("", Self.oslo, name: "put"),
            ],
            []
        )
        var request = RecordedAnswer.armed
        #expect(try shape.answer(request).toolCalls.map(\.id) == ["a", "call00001", "call00002"])
        request.messages.append(
            ChatMessage(.assistant, "", toolCalls: [ModelToolCall(id: "a", name: "look", arguments: "{}")])
        )
        let ids = try shape.answer(request).toolCalls.map(\.id)
        #expect(Set(ids + ["a"]).count == 4)
    }
}
