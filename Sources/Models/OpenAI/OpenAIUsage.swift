import Documents
import Jobs

/// Reads the usage of an answer in OpenAI's form.
enum OpenAIUsage {
    /// The usage of one call; a count that the server does not report is 0.
    ///
    /// - Parameter answer: The whole answer.
    static func read(_ answer: JSON) -> Usage {
        let choice = answer["choices"]?.array?.first
        let places = [answer["usage"], answer["x_groq"]?["usage"], choice?["usage"]]
        return tokens(places.compactMap { $0?.array?.last ?? $0 }.first { $0.object != nil })
    }

    /// - Parameter json: The member `usage`.
    static func tokens(_ json: JSON?) -> Usage {
        func count(_ paths: [String]...) -> Int {
            for path in paths {
                guard let value = json?.value(at: path) else { continue }
                if let number = value.double ?? value.string.flatMap(Double.init), number > 0 {
                    return Int(min(number, Double(Usage.tokensMax)))
                }
            }
            return 0
        }
        var usage = Usage()
        usage.modelCalls = 1
        usage.inputTokens = count(["prompt_tokens"], ["input_tokens"], ["promptTokens"], ["prompt_eval_count"])
        let cached = count(
            ["prompt_tokens_details", "cached_tokens"],
            ["input_tokens_details", "cached_tokens"],
            ["prompt_cache_hit_tokens"],
            ["cached_tokens"]
        )
        usage.cachedInputTokens = min(cached, usage.inputTokens)
        usage.outputTokens = count(["completion_tokens"], ["output_tokens"], ["completionTokens"], ["eval_count"])
        // Some servers count reasoning tokens only in the total, and bill them.
        let total = count(["total_tokens"], ["totalTokens"])
        if usage.inputTokens > 0, total > usage.tokens { usage.outputTokens = total - usage.inputTokens }
        return usage
    }
}
