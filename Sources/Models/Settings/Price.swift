package import Documents
package import Jobs

/// What a model's tokens cost, in US dollars per million.
package struct Price: Sendable, Equatable {
    /// The price of input tokens that did not come from a cache.
    package let input: Double
    /// The price of input tokens from the provider's cache; the same as `input` when none is configured.
    package let cachedInput: Double
    /// The price of output tokens.
    package let output: Double

    /// Reads `input`, `cached_input` and `output`.
    ///
    /// `input` and `output` are required: a missing price would count as free, and no limit on money would hold.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["input", "cached_input", "output"])
        let range = 0.0...1_000_000.0
        guard let input = try reader.number("input", in: range), let output = try reader.number("output", in: range)
        else { throw reader.error(nil, "both input and output are needed, in USD per million tokens") }
        self.input = input
        self.output = output
        cachedInput = try reader.number("cached_input", in: range) ?? input
    }

    /// What the tokens of `usage` cost, in US dollars.
    package func cost(of usage: Usage) -> Double {
        let fresh = Double(usage.inputTokens - usage.cachedInputTokens)
        let cached = Double(usage.cachedInputTokens)
        return (fresh * input + cached * cachedInput + Double(usage.outputTokens) * output) / 1_000_000
    }

    /// As in the configuration, with `cached_input` filled in.
    package var json: JSON {
        ["input": .double(input), "cached_input": .double(cachedInput), "output": .double(output)]
    }
}
