import Jobs

/// Reads the answer of `v1/messages`.
enum AnthropicAnswer {
    /// - Throws: As ``Dialect/read(_:for:model:price:)``.
    static func read(_ json: JSON, for request: ChatRequest, model: String, price: Price?) throws(Failure) -> ChatAnswer
    {
        guard let blocks = json["content"]?.array else { throw .brokenAnswer("it has no content") }
        guard let reason = json["stop_reason"]?.string, !reason.isEmpty else {
            throw .brokenAnswer("it has no stop_reason, so it was cut on its way")
        }
        var text = blocks.filter { $0["type"] == "text" }.compactMap { $0["text"]?.string }.joined()
        var calls = try toolCalls(blocks)
        // Who sent a ready body gets the provider's whole answer to judge; all others get only whole answers.
        if request.body == nil {
            try check(reason, needsAll: request.outputSchema != nil || !calls.isEmpty)
        }
        if let output = AnthropicOutput(request), let call = calls.first(where: { $0.name == output.toolName }) {
            text = output.text(of: call)
            calls.removeAll { $0.name == output.toolName }
        }
        return ChatAnswer(
            text: text,
            toolCalls: calls,
            usage: Dialect.anthropic.usage(json["usage"], price: price),
            model: json["model"]?.string ?? model,
            body: json
        )
    }

    private static func check(_ reason: String, needsAll: Bool) throws(Failure) {
        switch reason {
        case "refusal":
            throw Failure(
                .permanent,
                "the model refused",
                hint: "Change the input or the prompt, or use another model."
            )
        case "pause_turn":
            throw Failure(
                .permanent,
                "the provider paused the answer in the middle of its own tools",
                hint: "Take the provider's own tools out of the model's parameters."
            )
        case "max_tokens" where needsAll:
            throw Failure(
                .permanent,
                "the answer was cut at max_tokens, and what came cannot be used",
                hint: "Raise max_tokens in the model's parameters, or ask for a shorter answer."
            )
        case "model_context_window_exceeded" where needsAll:
            throw Failure(
                .permanent,
                "the answer was cut at the end of the model's context, and what came cannot be used",
                hint: "Give the step less input, or use a model with a longer context."
            )
        default: break
        }
    }

    private static func toolCalls(_ blocks: [JSON]) throws(Failure) -> [ModelToolCall] {
        var calls: [ModelToolCall] = []
        for (index, block) in blocks.enumerated() where block["type"] == "tool_use" {
            guard let name = block["name"]?.string, !name.isEmpty else {
                throw .brokenAnswer("a tool call names no tool")
            }
            // An object by the book; a text where a stream's pieces were no JSON.
            let arguments = block["input"].map { $0.string ?? $0.text } ?? "{}"
            calls.append(
                ModelToolCall(id: block["id"]?.string ?? "call_\(index + 1)", name: name, arguments: arguments)
            )
        }
        return calls
    }

    /// One call; what the server does not say is 0.
    static func usage(_ json: JSON?) -> Usage {
        func count(_ name: String) -> Int { min(max(json?[name]?.int ?? 0, 0), OpenAIAnswer.tokensMax) }
        var usage = Usage()
        usage.modelCalls = 1
        usage.cachedInputTokens = count("cache_read_input_tokens")
        usage.inputTokens = count("input_tokens") + count("cache_creation_input_tokens") + usage.cachedInputTokens
        usage.outputTokens = count("output_tokens")
        return usage
    }
}
