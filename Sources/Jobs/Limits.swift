/// What a job may use at the most; nil is no limit.
package struct Limits: Sendable, Equatable {
    package var costUSD: Double?
    package var tokens: Int?
    package var toolCalls: Int?
    package var duration: Duration?

    package init() {}

    /// Reads `cost_usd`, `tokens`, `tool_calls` and `duration`.
    package init(_ reader: MemberReader) throws(DocumentError) {
        try reader.allowOnly(["cost_usd", "tokens", "tool_calls", "duration"])
        costUSD = try reader.number("cost_usd", in: 0...1_000_000)
        tokens = try reader.int("tokens", in: 0...1_000_000_000_000)
        toolCalls = try reader.int("tool_calls", in: 0...1_000_000_000)
        duration = try reader.duration("duration")
    }

    /// The stricter of two in every member.
    package func lowered(by other: Limits) -> Limits {
        func lower<Value: Comparable>(_ left: Value?, _ right: Value?) -> Value? {
            guard let left, let right else { return left ?? right }
            return min(left, right)
        }
        var limits = Limits()
        limits.costUSD = lower(costUSD, other.costUSD)
        limits.tokens = lower(tokens, other.tokens)
        limits.toolCalls = lower(toolCalls, other.toolCalls)
        limits.duration = lower(duration, other.duration)
        return limits
    }

    package var json: JSON? {
        let json = JSON(members: [
            ("cost_usd", costUSD.map(JSON.double)), ("tokens", tokens.map { .int(Int64($0)) }),
            ("tool_calls", toolCalls.map { .int(Int64($0)) }), ("duration", duration.map { .string($0.text) }),
        ])
        return json == [:] ? nil : json
    }
}
