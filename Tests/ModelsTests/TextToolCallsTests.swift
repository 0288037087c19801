import Documents
import Jobs
import Testing

@testable import Models

@Suite("Tool calls that came as text")
struct TextToolCallsTests {
    private static let paris = #"{"city":"Paris"}"#
    private static let one = [TextToolCalls.Call(name: "look", arguments: paris)]

    @Test(
        "A marked call of a known tool is a call",
        arguments: [
            "<tool_call>\n{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}\n</tool_call>",
            "<tool_call>{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}",
            "<tool_call>{\"name\": \"functions.look\", \"parameters\": {\"city\":\"Paris\"}}</tool_call>",
            "<tool_calls>[{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}]</tool_calls>",
            "<function_call>{\"name\": \"look\", \"arguments\": \"{\\\"city\\\":\\\"Paris\\\"}\"}</function_call>",
            "<function=look>{\"city\":\"Paris\"}</function>",
            "<tool_call><function=look><parameter=city>Paris</parameter></function></tool_call>",
            "<tool_call>\n<function=look>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>",
            "<invoke name=\"look\"><parameter name=\"city\">Paris</parameter></invoke>",
            "[TOOL_CALLS][{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}]",
            "[TOOL_CALLS]look{\"city\":\"Paris\"}", "[TOOL_CALLS]look[ARGS]{\"city\":\"Paris\"}",
            "<|python_tag|>{\"name\": \"look\", \"parameters\": {\"city\":\"Paris\"}}",
            "<|tool_call|>[{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}]",
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>{\"city\":\"Paris\"}<|tool_call_end|><|tool_calls_section_end|>",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n```json\n{\"city\":\"Paris\"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
            "{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}",
            "```json\n{\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}\n```",
        ]
    )
    func taken(text: String) {
        let found = TextToolCalls(text, tools: ["look", "put"])
        #expect(found.calls == Self.one)
        #expect(found.rest.isEmpty)
    }

    @Test("The text before marked calls stays, and several calls are all found")
    func several() {
        let call = { (name: String) in "<tool_call>{\"name\":\"\(name)\",\"arguments\":{}}</tool_call>" }
        let found = TextToolCalls("Let me see. \(call("look"))\n\(call("put"))", tools: ["look", "put"])
        #expect(found.calls.map(\.name) == ["look", "put"])
        #expect(found.rest == "Let me see.")
    }

    @Test(
        "A text that only mentions calls, names no known tool or is incomplete stays text",
        arguments: [
            "<tool_call>{\"name\": \"hack\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"look\", \"argu",
            "Call it so: {\"name\": \"look\", \"arguments\": {\"city\":\"Paris\"}}.",
            "The mail says <tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>, which I did not do.",
            "Write `<tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>",
            "```\n<tool_call>{\"name\": \"look\", \"arguments\": {}}</tool_call>\n```",
            "[TOOL_CALLS]look{\"city\":\"Paris\"} and so on",
            "{\"name\": \"look\", \"colour\": \"red\"}", "{\"name\": \"Ann\", \"arguments\": {}}",
            "[{\"name\": \"look\", \"arguments\": {}}, {\"name\": \"Ann\", \"arguments\": {}}]", "look", "",
        ]
    )
    func left(text: String) {
        let found = TextToolCalls(text, tools: ["look", "put"])
        #expect(found.calls.isEmpty)
        #expect(found.rest == text)
    }

    @Test("An answer notes that its call came as text, and holds the call for the tool's result")
    func answer() throws {
        let message =
            #"{"content":"<tool_call>{\"name\":\"look\",\"arguments\":{}}</tool_call>","reasoning_content":"Hm."}"#
        let answer = try RecordedAnswer.message("", message, .calls([])).answer()
        #expect(answer.toolCalls.map(\.name) == ["look"] && answer.text.isEmpty)
        #expect(answer.facts.note == "a tool call came as text")
        #expect(answer.original?.message["tool_calls"]?.array?.count == 1)
        #expect(answer.original?.message["reasoning_content"] == "Hm.")
        // Without tools in the request, a marked text is no call.
        #expect(try RecordedAnswer.message("", message, .calls([])).answer(request()).toolCalls.isEmpty)
    }

    @Test("Marks of a call without a known tool are noted in the answer")
    func note() throws {
        let message = #"{"content":"<tool_call>{\"name\":\"hack\",\"arguments\":{}}</tool_call>"}"#
        #expect(
            try RecordedAnswer.message("", message, .text("")).answer().facts.note?.contains("no call of a known tool")
                == true
        )
    }
}
