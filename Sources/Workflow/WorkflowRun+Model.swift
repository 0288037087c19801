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
        let leaf = Leaf(path: path, kind: .model, retry: retry, model: model.name)
        return try await perform(leaf) { attempt in
            let request = ChatRequest(
                messages: messages,
                outputSchema: step.output?.source,
                idempotencyKey: key(path),
                attempt: attempt
            )
            return try await answer(of: model, to: request, fitting: step.output)
        }
    }

    /// Asks until the answer fits the schema, a bounded number of times.
    private func answer(
        of model: any ChatModel,
        to request: ChatRequest,
        fitting schema: JSONSchema?
    ) async throws -> AttemptResult {
        var request = request
        var usage = Usage()
        var corrections = 0
        while true {
            let answer: ChatAnswer
            do {
                answer = try await model.complete(request)
            } catch var failure as Failure {
                if let used = failure.usage { usage += used }
                failure.usage = usage == Usage() ? nil : usage
                throw failure
            }
            usage += answer.usage
            guard let schema else {
                return AttemptResult(output: .string(answer.text), usage: usage, model: answer.model)
            }
            switch Self.read(answer.text, schema) {
            case .success(let value): return AttemptResult(output: value, usage: usage, model: answer.model)
            case .failure(let misfit):
                if corrections == Self.correctionsMax {
                    throw Failure(
                        .permanent,
                        "the model's answer did not fit the schema after \(corrections) corrections: \(misfit.reason)",
                        hint: "make the prompt or the schema simpler, or use a larger model",
                        usage: usage
                    )
                }
                corrections += 1
                request.messages += [ChatMessage(.assistant, answer.text), Self.correction(misfit)]
            }
        }
    }

    /// Why an answer is not what the schema asks for.
    struct Misfit: Error { var reason: String }

    static func correction(_ misfit: Misfit) -> ChatMessage {
        ChatMessage(
            .user,
            "Your answer does not fit: \(misfit.reason). Answer again, with nothing but JSON that fits the schema."
        )
    }

    /// Reads an answer that must be JSON; a fence of Markdown around it is forgiven.
    static func read(_ text: String, _ schema: JSONSchema) -> Result<JSON, Misfit> {
        var body = text[...]
        if let fence = body.firstMatch(of: /^\s*```[a-z]*\n(?<inside>[\s\S]*?)\n```\s*$/) { body = fence.inside }
        do throws(JSONSyntaxError) {
            let value = try JSONParser.parse(Array(body.utf8))
            let errors = schema.errors(in: value)
            return errors.isEmpty ? .success(value) : .failure(Misfit(reason: errors.joined(separator: "; ")))
        } catch {
            return .failure(Misfit(reason: "it is not JSON: \(error)"))
        }
    }

    static func opening(system: Template?, prompt: Template, _ scope: Scope) throws(Failure) -> [ChatMessage] {
        var messages: [ChatMessage] = []
        if let system { messages.append(ChatMessage(.system, try system.renderText(scope))) }
        let text = try prompt.renderText(scope)
        if text.isEmpty {
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
