import Jobs
import OrderedCollections
import Tools

extension WorkflowRun {
    func runTool(
        _ step: StepDefinition.ToolStep,
        _ retry: RetryPolicy,
        in scope: Scope,
        path: String
    ) async throws -> JSON {
        let arguments = try failing(path) { () throws(Failure) in try step.arguments?.render(scope) ?? [:] }
        if let entry = recorder.entry(of: path), entry.status == .completed { return entry.output ?? .null }
        let specification = try await specification(of: step.tool, path)
        let errors = specification.parameters.errors(in: arguments)
        if !errors.isEmpty {
            let failure = Failure(
                .permanent,
                "the arguments of \(step.tool) do not fit its schema: \(errors.joined(separator: "; "))",
                hint: "mend the step's arguments or the tool's parameters"
            )
            throw Interruption.failed(step: path, failure)
        }
        return try await call(step.tool, arguments, specification.effect, retry, path: path, tellsModel: false)
    }

    func tool(_ name: String, _ path: String) throws -> any Tool {
        guard let tool = workflow.tools[name] else {
            throw Interruption.failed(step: path, Failure(.permanent, "there is no tool \"\(name)\""))
        }
        return tool
    }

    func specification(of name: String, _ path: String) async throws -> ToolSpecification {
        do {
            return try await tool(name, path).specification()
        } catch let failure as Failure {
            throw Interruption.failed(step: path, failure)
        }
    }

    /// Calls a tool as a step of its own, with retries.
    func call(
        _ name: String,
        _ arguments: JSON,
        _ effect: Effect,
        _ retry: RetryPolicy,
        path: String,
        tellsModel: Bool
    ) async throws -> JSON {
        let tool = try tool(name, path)
        let leaf = Leaf(
            path: path,
            kind: .tool,
            retry: retry,
            effect: effect,
            tool: name,
            arguments: arguments,
            tellsModel: tellsModel
        )
        return try await perform(leaf) { attempt in
            let invocation = ToolInvocation(
                arguments: arguments,
                job: job.name.id.text,
                step: path,
                attempt: attempt,
                idempotencyKey: key(path),
                artifacts: job.artifacts
            )
            let output = try await tool.call(invocation)
            var usage = Usage()
            usage.toolCalls = 1
            return AttemptResult(output: output, usage: usage)
        }
    }
}
