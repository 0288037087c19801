package import Documents
import OrderedCollections

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
    /// Whether some of the tokens are an estimate, because a provider did not say what was used.
    package var isEstimated = false

    package init() {}

    package var tokens: Int { inputTokens + outputTokens }

    package static func += (total: inout Usage, part: Usage) {
        total.modelCalls += part.modelCalls
        total.toolCalls += part.toolCalls
        total.inputTokens += part.inputTokens
        total.cachedInputTokens += part.cachedInputTokens
        total.outputTokens += part.outputTokens
        total.costUSD += part.costUSD
        total.isEstimated = total.isEstimated || part.isEstimated
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
        var members: OrderedDictionary<String, JSON> = [
            "model_calls": .int(Int64(modelCalls)), "tool_calls": .int(Int64(toolCalls)),
            "input_tokens": .int(Int64(inputTokens)), "cached_input_tokens": .int(Int64(cachedInputTokens)),
            "output_tokens": .int(Int64(outputTokens)), "cost_usd": .double(costUSD),
        ]
        if isEstimated { members["estimated"] = true }
        return .object(members)
    }

    /// More than one step uses: a history that another process changed must not make sums overflow.
    private static let countMax = 1_000_000_000_000

    package init(json: JSON) {
        func count(_ name: String) -> Int { min(max(json[name]?.int ?? 0, 0), Self.countMax) }
        modelCalls = count("model_calls")
        toolCalls = count("tool_calls")
        inputTokens = count("input_tokens")
        cachedInputTokens = count("cached_input_tokens")
        outputTokens = count("output_tokens")
        costUSD = min(max(json["cost_usd"]?.double ?? 0, 0), Double(Self.countMax))
        isEstimated = json["estimated"]?.bool ?? false
    }
}
