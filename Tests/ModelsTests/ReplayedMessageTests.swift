import Documents
import Jobs
import OrderedCollections
import Testing

@testable import Models

@Suite("Assistant turns that are sent back to a model")
struct ReplayedMessageTests {
    /// The message of a request that holds an earlier answer.
    private func givenBack(_ shape: RecordedAnswer, to model: String = "configured") throws -> JSON {
        let answer = try shape.answer()
        var said = ChatMessage(.assistant, answer.text, toolCalls: answer.toolCalls)
        // Encoded and parsed, as in a history.
        said.original = RawAssistantMessage(
            json: answer.original.map(\.json).map { try? JSONParser.parse($0.bytes) } ?? nil
        )
        var request = RecordedAnswer.armed
        request.messages.append(said)
        request.messages += answer.toolCalls.map { ChatMessage(.tool, "mild", toolCallID: $0.id) }
        let body = try shape.api.provider.body(
            request,
            model: model,
            parameters: [:],
            isStreamed: false,
            structured: .jsonSchema,
            replaysOriginals: true
        )
        return body["messages"]?.array?[1] ?? .null
    }

    private static let call = #"{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}}"#

    @Test(
        "A chat completion is sent back to its model unchanged, and to another model as text and calls",
        arguments: [
            #"{"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[\#(call)]}"#,
            #"{"role":"assistant","content":null,"reasoning_content":"","tool_calls":[\#(call)]}"#,
            #"{"role":"assistant","content":"Hm.","reasoning":"x","reasoning_details":[{"type":"reasoning.encrypted","data":"x"}],"tool_calls":[\#(call)]}"#,
            #"{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"x"}]},{"type":"text","text":"Hm."}],"tool_calls":[\#(call)]}"#,
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","extra_content":{"google":{"thought_signature":"c2ln"}},"function":{"name":"look","arguments":"{}"}}]}"#,
            #"{"role":"assistant","content":"<think>Hm.</think>\nHello","tool_calls":[\#(call)]}"#,
        ]
    )
    func chatCompletions(message: String) throws {
        let shape = RecordedAnswer.message("", message, finish: #""tool_calls""#, .calls([]))
        #expect(try givenBack(shape) == JSONParser.parse(message.utf8))
        let other = try givenBack(shape, to: "other")
        #expect(other.object?.keys.allSatisfy { ["role", "content", "tool_calls"].contains($0) } == true)
        #expect(other["tool_calls"]?.array?.first == (try JSONParser.parse(Self.call.utf8)))
    }

    @Test("Reasoning and signatures of a stream are sent back in their places")
    func streamed() throws {
        let shape = RecordedAnswer.deltas(
            "",
            [
                #"{"role":"assistant","content":null,"reasoning_content":"H"}"#, #"{"reasoning_content":"m."}"#,
                #"{"tool_calls":[{"index":0,"id":"a","type":"function","extra_content":{"google":{"thought_signature":"c2ln"}},"function":{"name":"look","arguments":"{}"}}]}"#,
            ],
            .calls([])
        )
        let back = try givenBack(shape)
        #expect(back["reasoning_content"] == "Hm.")
        #expect(back["tool_calls"]?.array?.first?["extra_content"]?["google"]?["thought_signature"] == "c2ln")
    }

    @Test(
        "A thought that came in many small parts is sent back as one part with its signature",
        arguments: [
            [
                #"[{"type":"thinking","thinking":"H"}]"#, #"[{"type":"thinking","thinking":"m."}]"#,
                #"[{"type":"thinking","thinking":"","signature":"c2ln"}]"#,
            ],
            [
                #"[{"type":"thinking","thinking":"H"}]"#, #"[{"type":"thinking","thinking":"m."}]"#,
                #"[{"type":"thinking","thinking":"Hm.","signature":"c2ln"}]"#,
            ],
            [#"[{"type":"thinking","thinking":"Hm.","signature":""}]"#, #"[{"type":"thinking","signature":"c2ln"}]"#],
        ]
    )
    func parts(pieces: [String]) throws {
        let call = #"{"tool_calls":[\#(Self.call)]}"#
        for name in ["thinking_blocks", "reasoning_details"] {
            let back = try givenBack(.deltas("", pieces.map { #"{"\#(name)":\#($0)}"# } + [call], .calls([])))
            #expect(back[name] == [["type": "thinking", "thinking": "Hm.", "signature": "c2ln"]])
        }
    }

    @Test("Encrypted thoughts, and thoughts with different indices, stay separate")
    func apart() throws {
        let details =
            #"[{"type":"reasoning.encrypted","data":"x"},{"type":"reasoning.encrypted","data":"y"},{"type":"reasoning.text","text":"a","index":0},{"type":"reasoning.text","text":"b","index":1}]"#
        let call = #"{"tool_calls":[\#(Self.call)]}"#
        let back = try givenBack(.deltas("", [#"{"reasoning_details":\#(details)}"#, call], .calls([])))
        #expect(try back["reasoning_details"] == JSONParser.parse(details.utf8))
    }

    @Test("Members that a server refuses in a request are not sent back")
    func refusedMembers() throws {
        let message =
            #"{"role":"assistant","content":"Hi","refusal":null,"audio":null,"tool_calls":[],"annotations":[]}"#
        #expect(try givenBack(.message("", message, .text("Hi"))) == ["role": "assistant", "content": "Hi"])
    }

    @Test(
        "Arguments that are sent back are valid, whatever the model wrote",
        arguments: [#"{\"city\": \"Par"#, "[1]", #"\"x\""#, "5", "", "null", "{} {}"]
    )
    func arguments(written: String) throws {
        for thought in ["", #""reasoning_content":"Hm.","#] {
            let call = #"{"id":"a","function":{"name":"look at!","arguments":"\#(written)"}}"#
            let shape = RecordedAnswer.message("", #"{\#(thought)"tool_calls":[\#(call)]}"#, .calls([]))
            let function = try #require(try givenBack(shape)["tool_calls"]?.array?.first?["function"])
            #expect(function["arguments"] == "{}")
            #expect(function["name"] == "look_at_")
        }
    }

    private static let blocks = #"""
        [{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"redacted_thinking","data":"eA=="},\#
        {"type":"text","text":"Let me look."},{"type":"thinking","thinking":"","signature":"c2ln"},\#
        {"type":"server_tool_use","id":"s","name":"x","input":{}},{"type":"tool_use","id":"t1","name":"look","input":{"city":"Paris"}}]
        """#

    @Test("Anthropic's blocks are sent back in order with signatures, and to another model as text and calls")
    func anthropic() throws {
        let shape = RecordedAnswer.wholeMessage(
            "",
            #"{"content":\#(Self.blocks),"stop_reason":"tool_use"}"#,
            .calls([])
        )
        #expect(try givenBack(shape)["content"] == JSONParser.parse(Self.blocks.utf8))
        let types = try givenBack(shape, to: "other")["content"]?.array?.compactMap { $0["type"]?.string }
        #expect(types == ["text", "tool_use"])
    }

    @Test("Blank blocks are left out, and calls without an id get one")
    func anthropicRepairs() throws {
        let blocks =
            #"[{"type":"thinking","thinking":"","signature":""},{"type":"text","text":" "},{"type":"tool_use","name":"functions.look","input":null}]"#
        let shape = RecordedAnswer.wholeMessage("", #"{"content":\#(blocks),"stop_reason":"tool_use"}"#, .calls([]))
        let content = try givenBack(shape)["content"]
        #expect(content == [["type": "tool_use", "name": "functions_look", "input": [:], "id": "call00001"]])
    }

    @Test("The call of the output tool gets a result when its answer did not fit")
    func outputTool() throws {
        let blocks =
            #"[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"tool_use","id":"t","name":"output","input":{"a":"x"}}]"#
        let shape = RecordedAnswer.wholeMessage("", #"{"content":\#(blocks),"stop_reason":"tool_use"}"#, .text(""))
        var request = request(schema: ["type": "object"])
        let answer = try shape.answer(request)
        #expect(answer.text == #"{"a":"x"}"#)
        var said = ChatMessage(.assistant, answer.text)
        said.original = answer.original
        request.messages += [said, ChatMessage(.user, "Again.")]
        let body = try API.anthropic.provider.body(
            request,
            model: "configured",
            parameters: [:],
            isStreamed: false,
            structured: .jsonSchema,
            replaysOriginals: true
        )
        let last = body["messages"]?.array?.last?["content"]?.array
        #expect(last?.first?["tool_use_id"] == "t" && last?.last?["text"] == "Again.")
    }

    @Test("A server that refuses what it sent gets only text and calls")
    func refused() throws {
        let message = #"{"reasoning":"Hm.","content":null,"tool_calls":[\#(Self.call)]}"#
        let answer = try RecordedAnswer.message("", message, .calls([])).answer()
        var request = RecordedAnswer.armed
        var said = ChatMessage(.assistant, answer.text, toolCalls: answer.toolCalls)
        said.original = answer.original
        request.messages.append(said)
        for replaysOriginals in [true, false] {
            let body = try OpenAIRequest.body(
                request,
                model: "configured",
                parameters: [:],
                replaysOriginals: replaysOriginals
            )
            #expect((body["messages"]?.array?.last?["reasoning"] != nil) == replaysOriginals)
        }
    }

    @Test(
        "A schema is sent in the configured form",
        arguments: [
            (StructuredOutputMode.jsonSchema, "json_schema" as JSON?, false), (.jsonObject, "json_object", true),
            (.prompt, nil, true),
        ]
    )
    func structured(form: StructuredOutputMode, type: JSON?, isInPrompt: Bool) throws {
        let asked = request(schema: ["type": "object", "title": "Zebra"])
        let body = try OpenAIRequest.body(asked, model: "m", parameters: [:], structured: form)
        #expect(body["response_format"]?["type"] == type)
        #expect(body["messages"]?.text.contains("Zebra") == isInPrompt)
        let anthropic = try AnthropicRequest.body(asked, model: "m", parameters: [:], structured: form)
        #expect((anthropic["tools"] != nil) == (form == .jsonSchema))
        #expect(anthropic["messages"]?.text.contains("Zebra") == isInPrompt)
    }
}
