import Documents
import JSONSchema
import Jobs
import Models
import OrderedCollections
import Tools

extension WorkflowRun {
    /// How often a model is asked again because its answer did not fit the schema.
    static let correctionsMax = 2

    func key(_ path: String) -> String { "\(job.name.id)/\(path)" }

    func runModel(
        _ step: StepDefinition.ModelStep,
        _ retry: RetryPolicy,
        in scope: Scope,
        path: String
    ) async throws -> JSON {
        let model = try model(step.model, path)
        let messages = try failing(path) { () throws(Failure) in
            try Self.opening(system: step.system, prompt: step.prompt, scope)
        }
        var request = ChatRequest(
            messages: messages,
            outputSchema: step.output?.source,
            idempotencyKey: key(path),
            attempt: 1
        )
        request.onTruncated = step.onTruncated
        guard let schema = step.output else {
            return try await ask(model, request, path: path, kind: .model, retry) { .string($0.text) }
        }
        let leaf = StepCall(asking: model, request, path: path, kind: .model, retry: retry)
        let question = request
        return try await perform(leaf) { attempt in try await ask(attempt, question, fitting: schema) }
    }

    /// Asks a model once in a step of its own; `output` is what is kept of the answer.
    func ask(
        _ model: any ChatModel,
        _ request: ChatRequest,
        path: String,
        kind: StepKind,
        _ retry: RetryPolicy,
        output: @escaping @Sendable (ChatAnswer) -> JSON
    ) async throws -> JSON {
        try await perform(StepCall(asking: model, request, path: path, kind: kind, retry: retry)) { attempt in
            var request = request
            request.attempt = attempt.request
            let answer = try await (attempt.model ?? model).complete(request)
            var result = AttemptResult(output: output(answer), usage: answer.usage)
            result.take(answer)
            // The output of a turn and of a batch line already holds the reasoning.
            if kind == .line || result.output["turn"] != nil { result.facts.reasoning = nil }
            return result
        }
    }

    /// Asks until the answer fits the schema, a bounded number of times.
    private func ask(
        _ attempt: Attempt,
        _ request: ChatRequest,
        fitting schema: JSONSchema
    ) async throws -> AttemptResult {
        guard let model = attempt.model else { throw Failure(.permanent, "the step has no model") }
        var request = request
        request.attempt = attempt.request
        var result = AttemptResult(output: .null, usage: Usage())
        var usage = Usage()
        while true {
            let answer: ChatAnswer
            do {
                answer = try await model.complete(request)
            } catch var failure as Failure {
                if let used = failure.usage { usage += used }
                failure.usage = usage == Usage() ? nil : usage
                throw failure
            } catch var pause as ModelPause {
                if let used = pause.usage { usage += used }
                pause.usage = usage == Usage() ? nil : usage
                throw pause
            }
            usage += answer.usage
            result.take(answer)
            result.usage = usage
            switch StructuredAnswer.read(answer.text, schema) {
            case .success(let value):
                result.output = value
                return result
            case .failure(let misfit):
                if result.rejectedOutputs == Self.correctionsMax {
                    throw Failure(
                        .permanent,
                        "the model's answer did not fit the schema after \(Self.correctionsMax) corrections: "
                            + misfit.reason,
                        hint: "make the prompt or the schema simpler, or use a larger model",
                        usage: usage
                    )
                }
                result.rejectedOutputs += 1
                var said = ChatMessage(.assistant, answer.text)
                said.original = answer.original
                request.messages += [said, Self.correction(misfit, schema)]
                do throws(OverBudget) {
                    try attempt.reserveMore(model.worstCase(of: request))
                } catch {
                    throw Failure(
                        .limit,
                        "an answer that did not fit was not asked for again: \(error.message)",
                        usage: usage
                    )
                }
            }
        }
    }

    /// Repeats the schema: a server that accepts `response_format` and ignores it has not shown it to the model.
    static func correction(_ misfit: StructuredAnswer.SchemaMismatch, _ schema: JSONSchema) -> ChatMessage {
        ChatMessage(
            .user,
            "Your answer does not fit: \(misfit.reason). Answer again, with nothing but JSON that fits this JSON Schema: "
                + schema.source.text
        )
    }

    static func opening(system: Template?, prompt: Template, _ scope: Scope) throws(Failure) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        if let system { messages.append(ChatMessage(.system, try system.renderText(scope))) }
        let text = try prompt.renderText(scope)
        if text.isEmpty {
            if let problem = scope.textProblem { throw problem }
            throw Failure(
                .permanent,
                "the prompt is empty",
                hint: "give the job input.prompt or input.text, or drop a text file"
            )
        }
        messages.append(ChatMessage(.user, text))
        return messages
    }

    func model(_ name: String, _ path: String) throws -> any ChatModel {
        guard let model = workflow.models[name] else {
            throw Interruption.failed(step: path, Failure(.permanent, "there is no model \"\(name)\""))
        }
        return model
    }
}
