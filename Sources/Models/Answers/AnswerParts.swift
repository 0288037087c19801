import Documents
import Jobs

/// The parts of an answer, before ``check(_:_:)`` accepts or rejects them.
struct AnswerParts {
    var text = ""
    var calls: [ModelToolCall] = []
    var reasoning = ""
    var refusal = ""
    /// The types of the content that is none of the above.
    var otherTypes: [String] = []
    /// The finish reason, as the provider sends it.
    var finishReason: String
    var note: String?
}

extension AnswerParts {
    /// Rejects an empty, cut or withheld answer, so that it is not taken for a complete one.
    ///
    /// - Returns: Whether the answer was cut at a limit and is kept.
    /// - Throws: ``Failure``: temporary when the same request may succeed later, permanent when it will not.
    func check(_ request: ChatRequest, _ reading: AnswerContext) throws(Failure) -> Bool {
        let finish = FinishReason(finishReason)
        let shown = ProviderText.short(finishReason)
        if finish == .broken { throw .brokenAnswer("the provider broke off (\(shown))") }
        // The submitter of a ready body judges the provider's answer; all other callers get only complete answers.
        if request.body == nil { try checkWithheld(finish, shown) }
        var isCut = false
        if case .cut(let limit) = finish {
            isCut = true
            if request.body == nil { try checkCut(limit, shown, request, reading) }
        }
        if calls.isEmpty, text.allSatisfy(\.isWhitespace), refusal.isEmpty || request.body == nil {
            if request.body != nil, isCut || finish == .withheld || !otherTypes.isEmpty { return isCut }
            throw emptyAnswer(shown)
        }
        if finish == .calls, calls.isEmpty, !request.tools.isEmpty, request.body == nil {
            throw .brokenAnswer("it ends with \(shown) and holds no tool call")
        }
        return isCut
    }

    private func checkWithheld(_ finish: FinishReason?, _ shown: String) throws(Failure) {
        let hint = "Change the input or the prompt, or use another model."
        if !refusal.isEmpty {
            throw Failure(.permanent, "the model refused: \(ProviderText.short(refusal))", hint: hint)
        }
        switch finish {
        case .withheld where shown == "refusal": throw Failure(.permanent, "the model refused", hint: hint)
        case .withheld:
            throw Failure(.permanent, "the provider's content filter withheld the answer (\(shown))", hint: hint)
        case .paused:
            throw Failure(
                .permanent,
                "the provider paused the answer in the middle of its own tools (\(shown))",
                hint: "Take the provider's own tools out of the model's parameters."
            )
        default: break
        }
    }

    private func checkCut(
        _ limit: FinishReason.Limit,
        _ shown: String,
        _ request: ChatRequest,
        _ reading: AnswerContext
    ) throws(Failure) {
        let isEmpty = calls.isEmpty && text.allSatisfy(\.isWhitespace)
        let needsAll = request.outputSchema != nil || !calls.isEmpty
        let isBroken = calls.contains { ToolArguments.object($0.arguments) == nil }
        let choice = request.onTruncated ?? reading.onTruncated ?? (needsAll ? .fail : .keep)
        if choice == .keep, !isEmpty, !isBroken { return }
        let what = isEmpty ? "before its first word" : needsAll ? "what came cannot be used" : "it is not whole"
        throw Failure(
            .permanent,
            "the answer was cut at \(Self.place(of: limit, reading)) (\(shown)): \(what)",
            hint: limit == .context
                ? "Give the step less input, or use a model with a longer context."
                : "Raise max_tokens in the model's parameters, or ask for a shorter answer."
        )
    }

    private static func place(of limit: FinishReason.Limit, _ reading: AnswerContext) -> String {
        if limit == .context { return "the end of the model's context" }
        guard let limit = reading.limitDefault else { return "max_tokens" }
        return "max_tokens, which is \(limit) because neither the request nor the model's parameters set it"
    }

    /// The note for a cut answer that is kept; nil for an answer that was not cut.
    func cutNote(_ reading: AnswerContext) -> String? {
        guard case .cut(let limit) = FinishReason(finishReason) else { return nil }
        return "the answer was cut at \(Self.place(of: limit, reading))"
    }

    private func emptyAnswer(_ shown: String) -> Failure {
        if !otherTypes.isEmpty {
            let types = Set(otherTypes).sorted().map { ProviderText.short($0) }.joined(separator: ", ")
            return .brokenAnswer("it holds no text, only content of unknown types: \(types)")
        }
        let thought = reasoning.isEmpty ? "" : ", only what the model thought"
        return Failure(
            .temporary,
            "the answer is empty: it holds neither text nor a tool call\(thought) (it ended with \(shown))",
            hint: "If it stays so, ask the model in another way, give it more tokens to answer, or use another one."
        )
    }
}
