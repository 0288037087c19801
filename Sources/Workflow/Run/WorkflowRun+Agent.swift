import Documents
import JSONSchema
import Jobs
import Models
import OrderedCollections
import Tools

extension WorkflowRun {
    /// Runs a model and its tools in turns; each turn and each call is a step of its own: `handle/2/model`,
    /// `handle/2/tool/0`.
    func runAgent(
        _ step: StepDefinition.AgentStep,
        _ retry: RetryPolicy,
        in scope: Scope,
        path: String
    ) async throws -> JSON {
        let model = try model(step.model, path)
        var messages = try failing(path) { () throws(Failure) in
            try Self.opening(system: step.system, prompt: step.prompt, scope)
        }
        var corrections = 0
        for turn in 1...step.turnsMax {
            let answer = try await ask(model, messages, step, retry, path: "\(path)/\(turn)/model")
            messages.append(answer.message(tools: step.tools))
            if answer.calls.isEmpty {
                guard let schema = step.output else { return try await finish(.string(answer.text), path) }
                switch StructuredAnswer.read(answer.text, schema) {
                case .success(let value): return try await finish(value, path)
                case .failure(let misfit):
                    if corrections == Self.correctionsMax {
                        let failure = Failure(.permanent, "the agent's answer did not fit the schema: \(misfit.reason)")
                        throw Interruption.failed(step: path, failure)
                    }
                    corrections += 1
                    messages.append(Self.correction(misfit, schema))
                }
            }
            for (index, call) in answer.calls.enumerated() {
                let output = try await answerCall(call, step, retry, path: "\(path)/\(turn)/tool/\(index)")
                messages.append(ChatMessage(.tool, output.string ?? output.text, toolCallID: call.id))
            }
        }
        let failure = Failure(
            .permanent,
            "the agent was not done after \(step.turnsMax) turns",
            hint: "raise max_turns, or give the agent a smaller task"
        )
        throw Interruption.failed(step: path, failure)
    }

    private func finish(_ output: JSON, _ path: String) async throws -> JSON {
        try await recordComposite(path, .agent)
        return output
    }

    private func ask(
        _ model: any ChatModel,
        _ messages: [ChatMessage],
        _ step: StepDefinition.AgentStep,
        _ retry: RetryPolicy,
        path: String
    ) async throws -> TurnRecord {
        var tools: [ToolDescription] = []
        for name in step.tools {
            let tool = try await specification(of: name, path)
            tools.append(
                ToolDescription(
                    name: ModelToolName.text(of: name),
                    description: tool.summary,
                    parameters: tool.parameters.source
                )
            )
        }
        var request = ChatRequest(
            messages: messages,
            tools: tools,
            outputSchema: tools.isEmpty ? step.output?.source : nil,
            idempotencyKey: key(path),
            attempt: 1
        )
        request.onTruncated = step.onTruncated
        let output = try await ask(model, request, path: path, kind: .model, retry) { TurnRecord($0).json }
        return TurnRecord(json: output)
    }

    /// Runs one call that the model asked for; the model gets its own mistakes and permanent failures as the output.
    private func answerCall(
        _ call: ModelToolCall,
        _ step: StepDefinition.AgentStep,
        _ retry: RetryPolicy,
        path: String
    ) async throws -> JSON {
        guard let name = ModelToolName.tool(call.name, amongst: step.tools) else {
            let message = "there is no tool \"\(call.name)\" for you to call"
            return try await refuse(call.name, path, Failure(.denied, message))
        }
        let arguments: JSON
        do {
            arguments = try JSONParser.parse(call.arguments.isEmpty ? "{}" : call.arguments)
        } catch {
            let failure = Failure(.permanent, "the arguments are not JSON: \(error)")
            return try await refuse(name, path, failure, received: call.arguments)
        }
        if let entry = recorder.entry(of: path), entry.status == .completed {
            return try await recordedOutput(path, entry)
        }
        let specification = try await specification(of: name, path)
        let toolCall = ToolCall(tool: name, arguments: arguments, specification: specification, path: path)
        return try await callTool(toolCall, retry, onDenied: step.onDenied, tellsModel: true)
    }
}
