import Documents
import Jobs
import Testing

@testable import Models

@Suite("Messages of Anthropic's API as servers send them")
struct AnthropicShapesTests {
    private static let start =
        #"{"type":"message_start","message":{"role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}"#
    private static let stop = #"{"type":"message_stop"}"#
    private static let one = RecordedAnswer.Outcome.calls([#"look {"city":"Paris"}"#])
    private static let hello = RecordedAnswer.Outcome.text("Hello")

    private static func end(_ reason: String = "end_turn") -> String {
        #"{"type":"message_delta","delta":{"stop_reason":"\#(reason)"},"usage":{"output_tokens":20}}"#
    }

    private static func begin(_ index: Int, _ block: String) -> String {
        #"{"type":"content_block_start","index":\#(index),"content_block":\#(block)}"#
    }

    private static func delta(_ index: Int, _ delta: String) -> String {
        #"{"type":"content_block_delta","index":\#(index),"delta":\#(delta)}"#
    }

    private static let text = #"{"type":"text","text":""}"#
    private static let words = #"{"type":"text_delta","text":"Hello"}"#
    private static let tool = #"{"type":"tool_use","id":"t1","name":"look","input":{}}"#
    private static let input = #"{"type":"input_json_delta","partial_json":"{\"city\":\"Paris\"}"}"#
    private static let none = #"{"type":"input_json_delta","partial_json":""}"#

    static let shapes: [RecordedAnswer] = [
        .events("by the book", [start, begin(0, text), delta(0, words), end(), stop], hello),
        .events("no beginning of the message", [begin(0, text), delta(0, words), end(), stop], hello),
        .events("no beginning of the block", [start, delta(0, words), end(), stop], hello),
        .events(
            "no index",
            [
                start, #"{"type":"content_block_start","content_block":\#(text)}"#,
                #"{"type":"content_block_delta","delta":\#(words)}"#, end(), stop,
            ],
            hello
        ),
        .events("the index counts from 1", [start, begin(1, text), delta(1, words), end(), stop], hello),
        .events(
            "the beginning of the message behind its words",
            [begin(0, text), delta(0, words), start, end(), stop],
            hello
        ),
        .events("words behind the end", [start, begin(0, text), end(), delta(0, words), stop], hello),
        .events(
            "events and pieces that are not known",
            [
                start, #"{"type":"ping"}"#, #"{"type":"news","x":1}"#, begin(0, text),
                delta(0, #"{"type":"hum_delta","hum":"x"}"#), delta(0, words), end(), stop,
            ],
            hello
        ),
        .events(
            "types in the events' names alone",
            [
                #"{"message":{"content":[]}}"#, #"{"index":0,"content_block":\#(text)}"#,
                #"{"index":0,"delta":\#(words)}"#, #"{"delta":{"stop_reason":"end_turn"}}"#,
            ],
            hello
        ),
        .events(
            "the reason null behind the real one",
            [
                start, begin(0, text), delta(0, words), end(),
                #"{"type":"message_delta","delta":{"stop_reason":null}}"#, stop,
            ],
            hello
        ),
        .events(
            "two blocks with the same index",
            [start, begin(0, text), delta(0, words), begin(0, tool), delta(0, input), end("tool_use"), stop],
            one
        ),
        .events("input in pieces", [start, begin(0, tool), delta(0, input), end("tool_use"), stop], one),
        .events(
            "input whole at the beginning",
            [
                start, begin(0, #"{"type":"tool_use","id":"t","name":"look","input":{"city":"Paris"}}"#),
                delta(0, none), end("tool_use"), stop,
            ],
            one
        ),
        .events("input empty", [start, begin(0, tool), delta(0, none), end("tool_use"), stop], .calls(["look {}"])),
        .events(
            "input null",
            [start, begin(0, #"{"type":"tool_use","id":"t","name":"look","input":null}"#), end("tool_use"), stop],
            .calls(["look {}"])
        ),
        .events("no reason", [start, begin(0, text), delta(0, words), stop], .failure(.temporary, "cut on its way")),
        .events(
            "the reason null as text",
            [start, begin(0, text), delta(0, words), end("null"), stop],
            .failure(.temporary, "cut on its way")
        ),
        .events("nothing", [start, end(), stop], .failure(.temporary, "the answer is empty")),
        .events("an empty block", [start, begin(0, text), end(), stop], .failure(.temporary, "the answer is empty")),
        .events(
            "only thoughts",
            [start, begin(0, #"{"type":"thinking","thinking":"Hm."}"#), end(), stop],
            .failure(.temporary, "only what the model thought")
        ),
        .events(
            "only blocks that are not known",
            [start, begin(0, #"{"type":"hologram","data":"x"}"#), end(), stop],
            .failure(.temporary, "hologram")
        ),
        .events("cut", [start, begin(0, text), delta(0, words), end("max_tokens"), stop], hello),
        .events(
            "a refusal",
            [start, begin(0, text), delta(0, words), end("refusal"), stop],
            .failure(.permanent, "the model refused")
        ),
        .events(
            "a pause",
            [start, begin(0, text), delta(0, words), end("pause_turn"), stop],
            .failure(.permanent, "paused")
        ),
        .wholeMessage("content as a text", #"{"content":"Hello","stop_reason":"end_turn"}"#, hello),
        .wholeMessage(
            "input as a text",
            #"{"content":[{"type":"tool_use","id":"t","name":"look","input":"{\"city\":\"Paris\"}"}],"stop_reason":"tool_use"}"#,
            one
        ),
        .wholeMessage(
            "a call without an id",
            #"{"content":[{"type":"tool_use","name":"look","input":{"city":"Paris"}}],"stop_reason":"tool_use"}"#,
            one
        ),
        .wholeMessage(
            "OpenAI's form",
            #"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#,
            .failure(.permanent, "OpenAI's chat completions")
        ),
        .wholeMessage(
            "content null",
            #"{"content":null,"stop_reason":"end_turn"}"#,
            .failure(.temporary, "no content")
        ),
    ]

    @Test("Each shape yields the model's answer, or a failure with the reason", arguments: shapes)
    func shape(shape: RecordedAnswer) { #expect(shape.seen() == shape.outcome) }

    @Test("A default limit that cuts an answer is named in the note and in the failure")
    func limit() async throws {
        let shape = RecordedAnswer.events(
            "",
            [Self.start, Self.delta(0, Self.words), Self.end("max_tokens")],
            Self.hello
        )
        let note = try shape.answer { $0.limitDefault = 4_096 }.facts.note
        #expect(note?.contains("4096 because neither the request nor the model's parameters set it") == true)
        let failed = await failure { try shape.answer { ($0.limitDefault, $0.onTruncated) = (4_096, .fail) } }
        #expect(failed?.message.contains("4096") == true && failed?.hint?.contains("max_tokens") == true)
    }

    @Test("Usage from the first and the last event is merged")
    func usage() throws {
        let shape = RecordedAnswer.events("", [Self.start, Self.delta(0, Self.words), Self.end()], Self.hello)
        let usage = try shape.answer { $0.requestBytes = 300 }.usage
        #expect(usage.inputTokens == 9 && usage.outputTokens == 20 && !usage.isEstimated)
    }
}
