package import Documents

/// The most that a job may use; nil is no limit.
package struct Limits: Sendable, Equatable {
    package var costUSD: Double?
    package var tokens: Int?
    package var toolCalls: Int?
    /// Calls to models.
    package var turns: Int?
    /// How long nodes may have the job, from each claim until it is deferred, held or ended.
    package var duration: Duration?

    package static let members = ["cost_usd", "tokens", "tool_calls", "turns", "duration"]

    package init() {}

    /// Reads `cost_usd`, `tokens`, `tool_calls`, `turns` and `duration`, or those of them that `members` allows.
    package init(_ reader: MemberReader, members: [String] = Self.members) throws(DocumentError) {
        try reader.allowOnly(members)
        costUSD = try reader.number("cost_usd", in: 0...1_000_000)
        tokens = try reader.int("tokens", in: 0...1_000_000_000_000)
        toolCalls = try reader.int("tool_calls", in: 0...1_000_000_000)
        turns = try reader.int("turns", in: 0...1_000_000_000)
        duration = try reader.duration("duration")
    }

    /// Reads the limits in a history; members that this version does not know are ignored.
    package init(json: JSON?) {
        costUSD = json?["cost_usd"]?.double
        tokens = json?["tokens"]?.int
        toolCalls = json?["tool_calls"]?.int
        turns = json?["turns"]?.int
        duration = json?["duration"]?.string.flatMap(Duration.init(text:))
    }

    /// The stricter of the two limits in every member.
    package func lowered(by other: Limits) -> Limits {
        func lower<Value: Comparable>(_ left: Value?, _ right: Value?) -> Value? {
            guard let left, let right else { return left ?? right }
            return min(left, right)
        }
        var limits = Limits()
        limits.costUSD = lower(costUSD, other.costUSD)
        limits.tokens = lower(tokens, other.tokens)
        limits.toolCalls = lower(toolCalls, other.toolCalls)
        limits.turns = lower(turns, other.turns)
        limits.duration = lower(duration, other.duration)
        return limits
    }

    /// These limits, replaced by the members that `other` has.
    package func replaced(by other: Limits) -> Limits {
        var limits = self
        limits.costUSD = other.costUSD ?? costUSD
        limits.tokens = other.tokens ?? tokens
        limits.toolCalls = other.toolCalls ?? toolCalls
        limits.turns = other.turns ?? turns
        limits.duration = other.duration ?? duration
        return limits
    }

    package var json: JSON? {
        let json = JSON(members: [
            ("cost_usd", costUSD.map(JSON.double)), ("tokens", tokens.map { .int(Int64($0)) }),
            ("tool_calls", toolCalls.map { .int(Int64($0)) }), ("turns", turns.map { .int(Int64($0)) }),
            ("duration", duration.map { .string($0.text) }),
        ])
        return json == [:] ? nil : json
    }
}
