import Documents
import Jobs

extension Usage {
    /// The answer's limit in tokens when neither the request nor the model's parameters set one.
    static let outputTokensDefault = 4_096

    /// More tokens than any answer has; reported counts are cut to it, so that sums cannot overflow.
    static let tokensMax = 1_000_000_000_000

    /// Estimates the most that a call with this body can use: one token per three bytes of input, the longest answer
    /// that it allows, and nothing from a cache.
    static func worstCase(of body: JSON, price: Price?) -> Usage {
        let named = body["max_completion_tokens"] ?? body["max_tokens"] ?? body["max_output_tokens"]
        let limit = named?.int ?? outputTokensDefault
        let answers = min(max(body["n"]?.int ?? 1, 1), 1_000)
        var usage = Usage()
        usage.modelCalls = 1
        usage.inputTokens = (body.bytes.count + 2) / 3
        usage.outputTokens = min(max(limit, 0), tokensMax) * answers
        usage.costUSD = price?.cost(of: usage) ?? 0
        return usage
    }
}
