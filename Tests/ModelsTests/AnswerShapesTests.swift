import Documents
import Jobs
import Testing

@testable import Models

@Suite("Chat completions as servers send them")
struct AnswerShapesTests {
    private static let hello = RecordedAnswer.Outcome.text("Hello")
    private static let cut = RecordedAnswer.Outcome.failure(.temporary, "cut on its way")
    private static let empty = RecordedAnswer.Outcome.failure(.temporary, "the answer is empty")

    static let streams: [RecordedAnswer] = [
        .deltas("texts", [#"{"role":"assistant","content":""}"#, #"{"content":"Hel"}"#, #"{"content":"lo"}"#], hello),
        .deltas(
            "content as a list of parts",
            [#"{"content":[{"type":"text","text":"Hel"}]}"#, #"{"content":[{"type":"text","text":"lo"}]}"#],
            hello
        ),
        .deltas(
            "parts and texts mixed",
            [#"{"content":"He"}"#, #"{"content":[{"type":"text","text":"l"}]}"#, #"{"content":"lo"}"#],
            hello
        ),
        .deltas("parts of the type output_text", [#"{"content":[{"type":"output_text","text":"Hello"}]}"#], hello),
        .deltas("parts without a type", [#"{"content":[{"text":"Hello"}]}"#], hello),
        .deltas("texts in a list", [#"{"content":["Hel","lo"]}"#], hello),
        .deltas("a part that is no list", [#"{"content":{"type":"text","text":"Hello"}}"#], hello),
        .deltas("a part whose text is an object", [#"{"content":[{"type":"text","text":{"value":"Hello"}}]}"#], hello),
        .deltas(
            "thoughts among the parts (Mistral)",
            [#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}"#, #"{"content":"Hello"}"#],
            hello
        ),
        .deltas("thoughts between tags", [#"{"content":"<think>Hm."}"#, #"{"content":"</think>\n\nHello"}"#], hello),
        .deltas("thoughts whose beginning the prompt holds", [#"{"content":"Hm.\n</think>\n\nHello"}"#], hello),
        .deltas(
            "a refusal among the parts",
            [#"{"content":[{"type":"refusal","refusal":"No."}]}"#],
            .failure(.permanent, "the model refused: No.")
        ),
        .deltas(
            "only what the model thought",
            [#"{"reasoning_content":"Hm."}"#, #"{"content":""}"#],
            .failure(.temporary, "only what the model thought")
        ),
        .deltas("only what the model thought, between tags", [#"{"content":"<think>Hm."}"#], empty),
        .deltas("nothing", [#"{"content":""}"#], empty),
        .deltas("white space", [#"{"content":" \n"}"#], empty),
        .deltas("content null", [#"{"content":null}"#], empty),
        .deltas(
            "parts that are not known",
            [#"{"content":[{"type":"hologram","data":"x"}]}"#],
            .failure(.temporary, "hologram")
        ),
        .deltas("content that is a number", [#"{"content":5}"#], .failure(.temporary, "a number")),
        .deltas("deltas null", ["null", #"{"content":"Hello"}"#], hello),
        .deltas("an end in capitals (Gemini)", [#"{"content":"Hello"}"#], finish: #""STOP""#, hello),
        .deltas("an end that is not known", [#"{"content":"Hello"}"#], finish: #""eos_token_3""#, hello),
        .deltas("nothing, and an end that is not known", [#"{"content":""}"#], finish: #""whatever""#, empty),
        .deltas(
            "withheld (Gemini)",
            [#"{"content":"Hel"}"#],
            finish: #""SAFETY""#,
            .failure(.permanent, "withheld the answer (SAFETY)")
        ),
        .deltas(
            "withheld (OpenAI)",
            [#"{"content":""}"#],
            finish: #""content_filter""#,
            .failure(.permanent, "content filter")
        ),
        .deltas("broken off (vLLM)", [#"{"content":"Hel"}"#], finish: #""abort""#, .failure(.temporary, "broke off")),
        .deltas(
            "broken off (DeepSeek)",
            [#"{"content":"Hel"}"#],
            finish: #""insufficient_system_resource""#,
            .failure(.temporary, "broke off")
        ),
        .deltas(
            "a malformed call (Gemini)",
            [#"{"content":""}"#],
            finish: #""MALFORMED_FUNCTION_CALL""#,
            .failure(.temporary, "broke off")
        ),
        .deltas("cut", [#"{"content":"Hello"}"#], finish: #""length""#, hello),
        .deltas("cut, in capitals (Gemini)", [#"{"content":"Hello"}"#], finish: #""MAX_TOKENS""#, hello),
        .deltas(
            "cut before the first word",
            [#"{"reasoning":"Hm."}"#],
            finish: #""length""#,
            .failure(.permanent, "before its first word")
        ),
        .deltas("an end that says null as text", [#"{"content":"Hel"}"#], finish: #""null""#, cut),
        .deltas("an end that is empty", [#"{"content":"Hel"}"#], finish: #""""#, cut),
        .deltas("no end", [#"{"content":"Hel"}"#], finish: "null", cut),
        .chunks(
            "an empty end behind the real one",
            [
                #"{"choices":[{"delta":{"content":"Hello"},"finish_reason":""}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
                #"{"choices":[{"delta":{},"finish_reason":""}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
            ],
            hello
        ),
        .chunks(
            "empty choices before and behind (Azure)",
            [
                #"{"choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#,
                #"{"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":"stop"}]}"#,
                #"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
            ],
            hello
        ),
        .chunks(
            "choices null",
            [#"{"choices":null}"#, #"{"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}"#],
            hello
        ),
        .chunks(
            "the index as text",
            [#"{"choices":[{"index":"0","delta":{"content":"Hello"},"finish_reason":"stop"}]}"#],
            hello
        ),
        .chunks("a text in the place of a delta", [#"{"choices":[{"text":"Hello","finish_reason":"stop"}]}"#], hello),
        .chunks(
            "nothing but usage",
            [#"{"choices":[],"usage":{"prompt_tokens":1}}"#],
            .failure(.temporary, "no choices")
        ),
        .chunks("no chunk", [], .failure(.temporary, "no choices")),
    ]

    static let wholes: [RecordedAnswer] = [
        .message("a text", #"{"role":"assistant","content":"Hello"}"#, hello),
        .message("content as parts, a text among them", #"{"content":["Hel",{"type":"text","text":"lo"}]}"#, hello),
        .message(
            "parts within a part",
            #"{"content":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}]}"#,
            hello
        ),
        .message(
            "lists of calls that are empty or null",
            #"{"content":"Hello","tool_calls":[],"function_call":null}"#,
            hello
        ),
        .message("calls null", #"{"content":"Hello","tool_calls":null}"#, hello),
        .message(
            "content left out, with a call",
            #"{"tool_calls":[{"id":"a","function":{"name":"look","arguments":"{}"}}]}"#,
            .calls(["look {}"])
        ),
        .message(
            "a call without a type, its id a number",
            #"{"tool_calls":[{"id":7,"function":{"name":"look","arguments":"{}"}}]}"#,
            .calls(["look {}"])
        ),
        .message(
            "the form before tools",
            #"{"function_call":{"name":"look","arguments":"{}"}}"#,
            finish: #""function_call""#,
            .calls(["look {}"])
        ),
        .message("content null and nothing else (vLLM)", #"{"content":null}"#, empty),
        .message(
            "Harmony's marks",
            ##"{"content":"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hello<|return|>"}"##,
            hello
        ),
        .message("thoughts in other tags", #"{"content":"<thinking>\nHm.\n</thinking>\nHello"}"#, hello),
        .message(
            "an answer that speaks of the tag stays whole",
            #"{"content":"Write `<think>` and `</think>`."}"#,
            .text("Write `<think>` and `</think>`.")
        ),
        .whole(
            "no choices",
            #"{"id":"x","object":"chat.completion"}"#,
            .failure(.temporary, "no choices (its members are id, object)")
        ),
        .whole("choices null", #"{"choices":null}"#, .failure(.temporary, "no choices")),
        .whole(
            "a prompt that was filtered (Azure)",
            #"{"choices":[],"prompt_filter_results":[{"content_filter_results":{"hate":{"filtered":true}}}]}"#,
            .failure(.permanent, "refused the prompt")
        ),
        .whole(
            "Ollama's own form",
            #"{"model":"q","message":{"content":"Hi"},"done":true}"#,
            .failure(.permanent, "Ollama")
        ),
        .whole(
            "Gemini's own form",
            #"{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}"#,
            .failure(.permanent, "Gemini")
        ),
        .whole(
            "Anthropic's form",
            #"{"type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn"}"#,
            .failure(.permanent, "Anthropic")
        ),
        .whole(
            "the form of the Responses API",
            #"{"object":"response","output":[]}"#,
            .failure(.permanent, "Responses")
        ),
        .whole("a text in the place of a message", #"{"choices":[{"text":"Hello","finish_reason":"stop"}]}"#, hello),
        .whole(
            "a choice with neither",
            #"{"choices":[{"finish_reason":"stop","logprobs":null}]}"#,
            .failure(.temporary, "its members are finish_reason")
        ),
    ]

    @Test("Each stream yields the model's answer, or a failure with the reason", arguments: streams)
    func stream(shape: RecordedAnswer) { #expect(shape.seen() == shape.outcome) }

    @Test("Each whole answer yields the model's answer, or a failure with the reason", arguments: wholes)
    func whole(shape: RecordedAnswer) { #expect(shape.seen() == shape.outcome) }

    @Test(
        "Reasoning is separated from the answer, wherever the server puts it",
        arguments: [
            #"{"content":"Hello","reasoning_content":"Hm."}"#, #"{"content":"Hello","reasoning":"Hm."}"#,
            #"{"content":"Hello","reasoning_details":[{"type":"reasoning.text","text":"Hm."}]}"#,
            #"{"content":"Hello","thinking":"Hm."}"#, #"{"content":"<think>Hm.</think>Hello"}"#,
            #"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"Hello"}]}"#,
            #"{"content":[{"type":"text","text":"Hm.","thought":true},{"type":"text","text":"Hello"}]}"#,
        ]
    )
    func reasoning(message: String) throws {
        let answer = try RecordedAnswer.message("", message, Self.hello).answer()
        #expect(answer.text == "Hello")
        #expect(answer.facts.reasoning == "Hm.")
        #expect(answer.original?.reasoning == "Hm.")
    }

    @Test(
        "Usage is found wherever the server reports it, and its counts may grow from chunk to chunk",
        arguments: [
            [#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#],
            [#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":3}}}"#],
            [#"{"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":7,"completion_tokens":3}}]}"#],
            [
                #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#,
                #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#,
            ],
            [
                #"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3}}"#,
                #"{"choices":[],"usage":{"prompt_tokens":0,"completion_tokens":0}}"#,
            ],
            [#"{"choices":[],"usage":{"input_tokens":7,"output_tokens":3}}"#],
            [#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":10}}"#],
            [#"{"choices":[],"usage":{"prompt_tokens":"7","completion_tokens":"3"}}"#],
        ]
    )
    func usage(last: [String]) throws {
        let first = #"{"choices":[{"delta":{"content":"Hello"},"finish_reason":"stop"}]}"#
        let usage = try RecordedAnswer.chunks("", [first] + last, Self.hello).answer { $0.requestBytes = 300 }.usage
        #expect(usage.inputTokens == 7 && usage.outputTokens == 3 && !usage.isEstimated)
    }

    @Test(
        "Usage that is missing, or 0 for an answer, is estimated from the bytes and marked",
        arguments: [
            ("null", 100, 2), (#"{"prompt_tokens":0,"completion_tokens":0}"#, 100, 2), (#"{"prompt_tokens":7}"#, 7, 2),
            (#"{"completion_tokens":9}"#, 100, 9),
        ]
    )
    func estimate(usage: String, input: Int, output: Int) throws {
        let json = #"{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":\#(usage)}"#
        let price = try Price(reader("{input: 1000000, output: 1000000}"))
        let answer = try RecordedAnswer.whole("", json, Self.hello).answer { reading in
            (reading.requestBytes, reading.price) = (300, price)
        }
        #expect(answer.usage.inputTokens == input && answer.usage.outputTokens == output)
        #expect(answer.usage.isEstimated && answer.usage.costUSD == Double(input + output))
    }

    @Test("The step, or else the settings, decide whether a cut answer is kept or fails")
    func truncated() async throws {
        let shape = RecordedAnswer.message("", #"{"content":"{\"a\":1}"}"#, finish: #""length""#, .text(""))
        let plain = try shape.answer()
        #expect(plain.facts.isTruncated && plain.facts.finishReason == "length")
        #expect(await failure { try shape.answer { $0.onTruncated = .fail } }?.class == .permanent)
        let shaped = request(schema: ["type": "object"])
        #expect(await failure { try shape.answer(shaped) }?.class == .permanent)
        #expect(try shape.answer(shaped) { $0.onTruncated = .keep }.facts.isTruncated)
        var step = request()
        step.onTruncated = .fail
        #expect(await failure { try shape.answer(step) { $0.onTruncated = .keep } }?.class == .permanent)
    }

    @Test("A tool call with cut arguments fails, whatever the settings say")
    func cutArguments() async throws {
        let message = #"{"tool_calls":[{"id":"a","function":{"name":"put","arguments":"{\"city\":\"Pa"}}]}"#
        let shape = RecordedAnswer.message("", message, finish: #""length""#, .text(""))
        #expect(await failure { try shape.answer() }?.class == .permanent)
        #expect(await failure { try shape.answer { $0.onTruncated = .keep } }?.class == .permanent)
    }

    @Test("A batch line gets a refused or cut answer as it is, but an empty answer fails")
    func ready() async throws {
        let line = request(body: ["messages": []])
        let refused = RecordedAnswer.message("", #"{"content":null,"refusal":"No."}"#, .text(""))
        #expect(try refused.answer(line).body["choices"] != nil)
        let cut = RecordedAnswer.message("", #"{"content":"Hel"}"#, finish: #""length""#, .text(""))
        #expect(try cut.answer(line).facts.isTruncated)
        let empty = RecordedAnswer.message("", #"{"content":""}"#, .text(""))
        #expect(await failure { try empty.answer(line) }?.class == .temporary)
    }
}
