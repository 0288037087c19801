import Documents
import JobIndex
import Jobs

extension IndexedStep {
    var json: JSON {
        [
            "path": .string(path), "kind": .string(kind.rawValue), "status": .string(status.rawValue),
            "attempts": .int(Int64(attempts)), "started_at": JSON(startedAt?.text),
            "finished_at": JSON(finishedAt?.text), "duration_ms": .int(Int64(durationMilliseconds)),
            "failure_class": JSON(failureClass?.rawValue), "message": JSON(message),
        ]
    }
}

extension IndexedCall {
    /// - Parameter kind: `model` or `tool`.
    func json(named kind: String) -> JSON {
        JSON(members: [
            ("step", .string(step)), (kind, JSON(name)), ("attempt", .int(Int64(attempt))),
            ("effect", JSON(effect?.rawValue)), ("arguments", JSON(arguments)), ("status", .string(status.rawValue)),
            ("output", JSON(output)), ("failure_class", JSON(failureClass?.rawValue)), ("message", JSON(message)),
            ("duration_ms", .int(Int64(durationMilliseconds))),
            ("input_tokens", kind == "model" ? .int(Int64(inputTokens)) : nil),
            ("cached_input_tokens", kind == "model" ? .int(Int64(cachedInputTokens)) : nil),
            ("output_tokens", kind == "model" ? .int(Int64(outputTokens)) : nil),
            ("cost_usd", kind == "model" ? .double(costUSD) : nil), ("at", .string(at.text)),
        ])
    }

    /// What all these calls used.
    static func usage(models: [IndexedCall], tools: [IndexedCall]) -> JSON {
        [
            "model_calls": .int(Int64(models.count)), "tool_calls": .int(Int64(tools.count)),
            "input_tokens": .int(Int64(models.reduce(0) { $0 + $1.inputTokens })),
            "cached_input_tokens": .int(Int64(models.reduce(0) { $0 + $1.cachedInputTokens })),
            "output_tokens": .int(Int64(models.reduce(0) { $0 + $1.outputTokens })),
            "cost_usd": .double(models.reduce(0) { $0 + $1.costUSD }),
        ]
    }
}
