import Jobs

/// Reads the answer of `chat/completions`.
enum OpenAIAnswer {
    /// More tokens than any answer has; a server that says otherwise must not make sums overflow.
    static let tokensMax = 1_000_000_000_000

    /// - Throws: As ``Dialect/read(_:for:model:price:)``.
    static func read(_ json: JSON, for request: ChatRequest, model: String, price: Price?) throws(Failure) -> ChatAnswer
    {
        let choices = json["choices"]?.array ?? []
        guard let choice = choices.first else { throw .brokenAnswer("it has no choices") }
        guard let message = choice["message"], message.object != nil else { throw .brokenAnswer("it has no message") }
        // A stream that was cut may have ended some of its choices.
        guard let finish = choice["finish_reason"]?.string,
            choices.allSatisfy({ $0["finish_reason"]?.string?.isEmpty == false })
        else {
            throw .brokenAnswer("it has no finish_reason, so it was cut on its way")
        }
        if finish == "error" { throw .brokenAnswer("the provider broke off with an error") }
        let calls = try toolCalls(message)
        // Who sent a ready body gets the provider's whole answer to judge; all others get only whole answers.
        if request.body == nil { try check(finish, message, calls, request) }

        return ChatAnswer(
            text: text(message["content"]),
            toolCalls: calls,
            usage: Dialect.openAI.usage(json["usage"], price: price),
            model: json["model"]?.string ?? model,
            body: json
        )
    }

    private static func check(
        _ finish: String,
        _ message: JSON,
        _ calls: [ModelToolCall],
        _ request: ChatRequest
    ) throws(Failure) {
        if finish == "content_filter" {
            throw Failure(
                .permanent,
                "the provider's content filter withheld the answer",
                hint: "Change the input or the prompt, or use another model."
            )
        }
        if let refusal = message["refusal"]?.string, !refusal.isEmpty {
            throw Failure(
                .permanent,
                "the model refused: \(ProviderText.short(refusal))",
                hint: "Change the input or the prompt, or use another model."
            )
        }
        if finish == "length", request.outputSchema != nil || !calls.isEmpty {
            throw Failure(
                .permanent,
                "the answer was cut at max_tokens, and what came cannot be used",
                hint: "Raise max_tokens in the model's parameters, or ask for a shorter answer."
            )
        }
    }

    /// Some servers answer in parts, as requests may.
    private static func text(_ content: JSON?) -> String {
        content?.string ?? (content?.array ?? []).compactMap { $0["text"]?.string }.joined()
    }

    private static func toolCalls(_ message: JSON) throws(Failure) -> [ModelToolCall] {
        var calls: [ModelToolCall] = []
        for (index, call) in (message["tool_calls"]?.array ?? []).enumerated() {
            guard let function = call["function"], let name = function["name"]?.string, !name.isEmpty else {
                throw .brokenAnswer("a tool call names no function")
            }
            // A text by the book; some servers send the object itself, or nothing for no arguments.
            let arguments = function["arguments"].map { $0.string ?? ($0.isNull ? "{}" : $0.text) } ?? "{}"
            let id = call["id"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(index + 1)"
            calls.append(ModelToolCall(id: id, name: name, arguments: arguments))
        }
        return calls
    }

    /// One call; what the server does not say is 0.
    static func usage(_ json: JSON?) -> Usage {
        func count(_ path: String...) -> Int {
            min(max(json?.value(at: path)?.int ?? 0, 0), tokensMax)
        }
        var usage = Usage()
        usage.modelCalls = 1
        usage.inputTokens = count("prompt_tokens")
        usage.cachedInputTokens = min(count("prompt_tokens_details", "cached_tokens"), usage.inputTokens)
        usage.outputTokens = count("completion_tokens")
        return usage
    }
}
