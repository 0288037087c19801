/// What a step or a job has used.
package struct Usage: Sendable, Equatable {
    package var modelCalls = 0
    package var toolCalls = 0
    /// All input tokens, the cached ones included.
    package var inputTokens = 0
    package var cachedInputTokens = 0
    package var outputTokens = 0
    /// US dollars; 0 where no price is configured.
    package var costUSD = 0.0

    package init() {}

    package var tokens: Int { inputTokens + outputTokens }

    package static func += (total: inout Usage, part: Usage) {
        total.modelCalls += part.modelCalls
        total.toolCalls += part.toolCalls
        total.inputTokens += part.inputTokens
        total.cachedInputTokens += part.cachedInputTokens
        total.outputTokens += part.outputTokens
        total.costUSD += part.costUSD
    }

    package static func -= (total: inout Usage, part: Usage) {
        total.modelCalls -= part.modelCalls
        total.toolCalls -= part.toolCalls
        total.inputTokens -= part.inputTokens
        total.cachedInputTokens -= part.cachedInputTokens
        total.outputTokens -= part.outputTokens
        total.costUSD -= part.costUSD
    }

    package var json: JSON {
        [
            "model_calls": .int(Int64(modelCalls)), "tool_calls": .int(Int64(toolCalls)),
            "input_tokens": .int(Int64(inputTokens)), "cached_input_tokens": .int(Int64(cachedInputTokens)),
            "output_tokens": .int(Int64(outputTokens)), "cost_usd": .double(costUSD),
        ]
    }

    package init(json: JSON) {
        modelCalls = json["model_calls"]?.int ?? 0
        toolCalls = json["tool_calls"]?.int ?? 0
        inputTokens = json["input_tokens"]?.int ?? 0
        cachedInputTokens = json["cached_input_tokens"]?.int ?? 0
        outputTokens = json["output_tokens"]?.int ?? 0
        costUSD = json["cost_usd"]?.double ?? 0
    }
}
