import Documents
import Jobs

/// Builds a rule's answer in the form of a model's answer.
enum ScriptAnswer {
    static func make(
        _ rule: ScriptRule,
        text: String,
        calls: [ModelToolCall],
        messages: [ChatMessage],
        idempotencyKey: String,
        name: String,
        price: Price?
    ) -> ChatAnswer {
        let model = "scripted (no model): \(name)"
        var usage = Usage()
        usage.modelCalls = 1
        usage.inputTokens = rule.tokens.input ?? estimate(messages.reduce(0) { $0 + bytes($1.content, $1.toolCalls) })
        usage.outputTokens = rule.tokens.output ?? estimate(bytes(text, calls))
        usage.cachedInputTokens = min(rule.tokens.cachedInput ?? 0, usage.inputTokens)
        usage.costUSD = price?.cost(of: usage) ?? 0
        return ChatAnswer(
            text: text,
            toolCalls: calls,
            usage: usage,
            model: model,
            body: body(text, calls, usage, model: model, idempotencyKey: idempotencyKey)
        )
    }

    /// One token per four bytes, at least one; this is close to what models count in English.
    private static func estimate(_ bytes: Int) -> Int { max(1, bytes / 4) }

    private static func bytes(_ text: String, _ calls: [ModelToolCall]) -> Int {
        calls.reduce(text.utf8.count) { $0 + $1.name.utf8.count + $1.arguments.utf8.count }
    }

    private static func body(
        _ text: String,
        _ calls: [ModelToolCall],
        _ usage: Usage,
        model: String,
        idempotencyKey: String
    ) -> JSON {
        let message = JSON(members: [
            ("role", "assistant"), ("content", calls.isEmpty ? .string(text) : .null),
            ("tool_calls", calls.isEmpty ? JSON?.none : .array(calls.map(\.openAIAnswer))), ("refusal", .null),
        ])
        return [
            "id": .string("chatcmpl-\(StableHash.text(of: idempotencyKey))"),
            "object": "chat.completion",
            // Fixed, so that the same request gives the same bytes at any time.
            "created": 0,
            "model": .string(model),
            "choices": [
                [
                    "index": 0, "message": message, "logprobs": .null,
                    "finish_reason": calls.isEmpty ? "stop" : "tool_calls",
                ]
            ],
            "usage": [
                "prompt_tokens": .int(Int64(usage.inputTokens)), "completion_tokens": .int(Int64(usage.outputTokens)),
                "total_tokens": .int(Int64(usage.tokens)),
                "prompt_tokens_details": ["cached_tokens": .int(Int64(usage.cachedInputTokens))],
            ],
        ]
    }
}
