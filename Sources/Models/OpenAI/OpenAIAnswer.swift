import Documents
import Jobs
import OrderedCollections

/// Reads the answer of `chat/completions`.
enum OpenAIAnswer {
    /// - Throws: As ``HTTPProvider/read(_:for:_:)``.
    static func read(_ json: JSON, for request: ChatRequest, _ reading: AnswerContext) throws(Failure) -> ChatAnswer {
        let choices = json["choices"]?.array ?? []
        guard let choice = choices.first else { throw UnexpectedAnswer.failure(json, reading.provider) }
        let whole =
            choice["message"]?.object == nil ? choice["text"].map { ["content": $0] as JSON } : choice["message"]
        guard let message = whole else {
            throw .brokenAnswer("its choice has no message (\(UnexpectedAnswer.of(choice)))")
        }
        // A stream that was cut off may have ended only some of its choices.
        guard let finish = choice["finish_reason"]?.string ?? choice["finishReason"]?.string,
            choices.allSatisfy({ FinishReason($0["finish_reason"]?.string ?? $0["finishReason"]?.string) != nil })
        else { throw .brokenAnswer("it has no finish_reason, so it was cut on its way") }

        var parts = try parts(of: message, finish, request)
        var text: TextToolCalls?
        if request.body == nil, parts.calls.isEmpty {
            text = TextToolCalls(parts.text, tools: request.tools.map(\.name))
            var ids = ToolCallIDs(after: request.messages)
            parts.take(text, &ids)
        }
        let isTruncated = try parts.check(request, reading)
        if isTruncated { parts.note = parts.cutNote(reading) }
        var answer = ChatAnswer(
            text: parts.text,
            toolCalls: parts.calls,
            usage: OpenAIUsage.read(json),
            model: json["model"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? reading.model,
            body: json
        )
        answer.facts = AnswerMetadata(
            finishReason: finish,
            isTruncated: isTruncated,
            note: parts.note,
            reasoning: parts.reasoning.isEmpty ? nil : parts.reasoning
        )
        answer.outputBytes = AnswerContext.bytes(parts)
        if request.body == nil { answer.original = original(message, parts, isWritten: text?.isFound == true, reading) }
        return answer
    }

    private static func parts(
        of message: JSON,
        _ finish: String,
        _ request: ChatRequest
    ) throws(Failure) -> AnswerParts {
        let content = MessageContent(message["content"])
        var parts = AnswerParts(finishReason: finish)
        parts.calls = try toolCalls(message, request)
        parts.refusal = message["refusal"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? content.refusal
        parts.otherTypes = content.otherTypes
        for name in ["audio", "images"] where message[name]?.isNull == false { parts.otherTypes.append(name) }
        let tags = ReasoningTags(content.text)
        parts.text = tags.answer
        let thoughts = [ReasoningText.beside(message), content.reasoning, tags.reasoning].filter { !$0.isEmpty }
        parts.reasoning = thoughts.joined(separator: "\n\n")
        return parts
    }

    private static func toolCalls(_ message: JSON, _ request: ChatRequest) throws(Failure) -> [ModelToolCall] {
        var calls: [ModelToolCall] = []
        var ids = ToolCallIDs(after: request.messages)
        for call in written(message) {
            let function = call["function"]?.object == nil ? call : call["function"] ?? call
            guard let name = function["name"]?.string, !name.isEmpty else {
                throw .brokenAnswer("a tool call names no function (\(UnexpectedAnswer.of(call)))")
            }
            let arguments = function["arguments"] ?? function["input"] ?? function["parameters"]
            calls.append(ModelToolCall(id: ids.id(call["id"]), name: name, arguments: ToolArguments.text(arguments)))
        }
        return calls
    }

    /// The calls of the message: a list, a single object, or the older `function_call`.
    private static func written(_ message: JSON) -> [JSON] {
        if let calls = message["tool_calls"]?.array, !calls.isEmpty { return calls.filter { !$0.isNull } }
        if let call = message["tool_calls"], call.object != nil { return [call] }
        if let call = message["function_call"], call.object != nil { return [call] }
        return []
    }

    /// The original message if it holds more than its text and its calls, else nil.
    ///
    /// - Parameter isWritten: Whether the calls came as text; the message then gets them as calls, so that their
    ///   results refer to something.
    private static func original(
        _ message: JSON,
        _ parts: AnswerParts,
        isWritten: Bool,
        _ reading: AnswerContext
    ) -> RawAssistantMessage? {
        var members = message.object ?? [:]
        members["role"] = "assistant"
        if isWritten {
            members["content"] = parts.text.isEmpty ? .null : .string(parts.text)
            members["tool_calls"] = .array(parts.calls.map(\.openAI))
        } else if message["tool_calls"] == nil, message["function_call"]?.object != nil {
            // The results are sent as those of tool calls.
            members["function_call"] = nil
            members["tool_calls"] = .array(parts.calls.map(\.openAI))
        }
        let turn = RawAssistantMessage(author: reading.author, message: .object(members))
        let plain = ChatMessage(.assistant, parts.text, toolCalls: parts.calls)
        var whole = plain
        whole.original = turn
        let isPlain = OpenAIMessage.json(whole, author: reading.author) == OpenAIMessage.json(plain, author: nil)
        return isPlain ? nil : turn
    }
}
