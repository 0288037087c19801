import Documents
import Jobs

/// Reads the answer of `v1/messages`.
enum AnthropicAnswer {
    /// - Throws: As ``HTTPProvider/read(_:for:_:)``.
    static func read(_ json: JSON, for request: ChatRequest, _ reading: AnswerContext) throws(Failure) -> ChatAnswer {
        // Some compatible servers send the content as a plain string.
        let text = json["content"]?.string.map { [["type": "text", "text": .string($0)] as JSON] }
        guard let blocks = text ?? json["content"]?.array else {
            throw UnexpectedAnswer.failure(json, reading.provider)
        }
        guard let reason = json["stop_reason"]?.string, FinishReason(reason) != nil else {
            if json["choices"] != nil { throw UnexpectedAnswer.failure(json, reading.provider) }
            throw .brokenAnswer("it has no stop_reason, so it was cut on its way")
        }
        var parts = try parts(of: blocks, reason, request)
        let output = AnthropicOutputTool(request)
        let call = output.flatMap { output in parts.calls.first { $0.name == output.toolName } }
        var found: TextToolCalls?
        if request.body == nil, parts.calls.isEmpty {
            found = TextToolCalls(parts.text, tools: request.tools.map(\.name))
            var ids = ToolCallIDs(after: request.messages)
            parts.take(found, &ids)
        }
        let isTruncated = try parts.check(request, reading)
        if isTruncated { parts.note = parts.cutNote(reading) }
        var answer = ChatAnswer(
            text: parts.text,
            toolCalls: parts.calls,
            usage: usage(json["usage"]),
            model: json["model"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? reading.model,
            body: json
        )
        answer.facts = AnswerMetadata(
            finishReason: reason,
            isTruncated: isTruncated,
            note: parts.note,
            reasoning: parts.reasoning.isEmpty ? nil : parts.reasoning
        )
        answer.outputBytes = AnswerContext.bytes(parts)
        if let output, let call {
            answer.text = output.text(of: call)
            answer.toolCalls.removeAll { $0.name == output.toolName }
        }
        if request.body == nil, found?.isFound != true {
            answer.original = original(blocks, json, parts, reading)
        }
        return answer
    }

    private static func parts(
        of blocks: [JSON],
        _ reason: String,
        _ request: ChatRequest
    ) throws(Failure) -> AnswerParts {
        var parts = AnswerParts(finishReason: reason)
        var ids = ToolCallIDs(after: request.messages)
        var content: [JSON] = []
        for block in blocks {
            guard block["type"] == "tool_use" else {
                content.append(block)
                continue
            }
            guard let name = block["name"]?.string, !name.isEmpty else {
                throw .brokenAnswer("a tool call names no tool (\(UnexpectedAnswer.of(block)))")
            }
            // The API defines an object; it is a string when the pieces of a stream were not JSON.
            let arguments = ToolArguments.text(block["input"])
            parts.calls.append(ModelToolCall(id: ids.id(block["id"]), name: name, arguments: arguments))
        }
        let read = MessageContent(.array(content))
        let tags = ReasoningTags(read.text)
        (parts.text, parts.refusal, parts.otherTypes) = (tags.answer, read.refusal, read.otherTypes)
        parts.reasoning = [read.reasoning, tags.reasoning].filter { !$0.isEmpty }.joined(separator: "\n\n")
        return parts
    }

    /// The original message if it holds more than its text and its calls, else nil.
    private static func original(
        _ blocks: [JSON],
        _ json: JSON,
        _ parts: AnswerParts,
        _ reading: AnswerContext
    ) -> RawAssistantMessage? {
        let message: JSON = ["role": "assistant", "content": .array(blocks)]
        let turn = RawAssistantMessage(author: reading.author, message: message)
        let plain = ChatMessage(.assistant, parts.text, toolCalls: parts.calls)
        var whole = plain
        whole.original = turn
        let isPlain =
            AnthropicMessage.blocks(whole, author: reading.author) == AnthropicMessage.blocks(plain, author: nil)
        return isPlain ? nil : turn
    }

    /// The usage of one call; a count that the server does not report is 0.
    static func usage(_ json: JSON?) -> Usage {
        func count(_ name: String) -> Int { min(max(json?[name]?.int ?? 0, 0), Usage.tokensMax) }
        var usage = Usage()
        usage.modelCalls = 1
        usage.cachedInputTokens = count("cache_read_input_tokens")
        usage.inputTokens = count("input_tokens") + count("cache_creation_input_tokens") + usage.cachedInputTokens
        usage.outputTokens = count("output_tokens")
        return usage
    }
}
