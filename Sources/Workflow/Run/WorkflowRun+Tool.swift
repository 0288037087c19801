import Documents
import JSONSchema
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
        let rendered = try failing(path) { () throws(Failure) in try step.arguments?.render(scope) ?? [:] }
        if let entry = recorder.entry(of: path), entry.status == .completed {
            return try await recordedOutput(path, entry)
        }
        let specification = try await specification(of: step.tool, path)
        let arguments = specification.parameters.fitted(rendered)
        let call = ToolCall(tool: step.tool, arguments: arguments, specification: specification, path: path)
        return try await callTool(call, retry, onDenied: .fail, tellsModel: false)
    }

    /// A tool call that a step or a model asks for.
    struct ToolCall: Sendable {
        var tool: String
        var arguments: JSON
        var specification: ToolSpecification
        var path: String
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
        } catch let pause as ToolNotReady {
            // A draining daemon that deferred the job would end, and the starting server with it; start_timeout bounds
            // the wait.
            if environment.modelWaitMax > environment.shortWaitMax {
                try checkMayGoOn(path)
                return try await specification(of: name, path)
            }
            let reason = "step \(path) waits for \(name): \(pause.reason)"
            throw Interruption.deferred(until: environment.wallClock.now + pause.duration, reason: reason)
        } catch let failure as Failure where failure.class == .temporary {
            // Nothing was begun: a tool server that is down for a while costs no attempt.
            let reason = "step \(path) waits for \(name): \(failure.message)"
            throw Interruption.deferred(until: environment.wallClock.now + Self.serverPatience, reason: reason)
        } catch let failure as Failure {
            throw Interruption.failed(step: path, failure)
        }
    }

    /// How long a job is deferred when a tool's server cannot describe the tool.
    private static let serverPatience: Duration = .seconds(60)

    /// Why the tool is not called with these arguments, or nil.
    func objection(to arguments: JSON, _ tool: String, _ specification: ToolSpecification) -> Failure? {
        let errors = specification.parameters.errors(in: arguments)
        if !errors.isEmpty {
            return Failure(
                .permanent,
                "the arguments of \(tool) do not fit its parameters: \(errors.joined(separator: "; "))"
            )
        }
        return policy(of: tool).objection(to: arguments).map { Failure(.denied, "\(tool) was not called: \($0)") }
    }

    func policy(of tool: String) -> ToolPolicy { workflow.policies[tool] ?? .none }

    /// Calls a tool as a step of its own, with retries, after a person's approval where one is needed.
    ///
    /// It first finds out what happened before: no person is asked to approve a call that was begun.
    func callTool(
        _ call: ToolCall,
        _ retry: RetryPolicy,
        onDenied: ApprovalRequest.DenialAction,
        tellsModel: Bool
    ) async throws -> JSON {
        let path = call.path
        let tool = try tool(call.tool, path)
        let paths = ArtifactPaths(job.artifacts)
        let key = key(path)
        let invocation: @Sendable (Int, JSON) -> ToolInvocation = { [job] attempt, arguments in
            ToolInvocation(
                arguments: paths.resolved(arguments),
                job: job.name.id.text,
                step: path,
                attempt: attempt,
                idempotencyKey: key,
                artifacts: job.artifacts
            )
        }
        var leaf = StepCall(calling: call.tool, call.specification.effect, call.arguments, path: path, retry: retry)
        leaf.tellsModel = tellsModel
        leaf.check = { start in
            try await Self.check(tool, invocation(start.attempt, start.arguments ?? call.arguments), paths)
        }
        if let output = try await knownOutput(of: leaf) { return output }
        leaf.isPastKnown = true
        if let objection = objection(to: call.arguments, call.tool, call.specification) {
            if tellsModel { return try await refuse(call.tool, path, objection) }
            let hint = "mend the step's arguments, or the tool's parameters and rules"
            throw Interruption.failed(step: path, Failure(objection.class, objection.message, hint: hint))
        }
        guard let arguments = try approvedArguments(of: call, onDenied: onDenied) else {
            return try await refuse(call.tool, path, Failure(.denied, denialMessage(of: path)))
        }
        leaf.arguments = arguments
        return try await perform(leaf) { attempt in
            do {
                let whole = paths.recorded(try await tool.call(invocation(attempt.number, arguments)))
                let limit = call.specification.answerMax
                let output =
                    tellsModel ? AnswerLimit.told(whole, limit: limit, step: path, in: paths) : whole
                return AttemptResult(output: output, usage: .oneToolCall)
            } catch let failure as Failure {
                throw paths.recorded(failure)
            }
        }
    }

    private static func check(
        _ tool: any Tool,
        _ invocation: ToolInvocation,
        _ paths: ArtifactPaths
    ) async throws -> ToolCheck? {
        let check = try await tool.check(invocation)
        if case .happened(let output) = check { return .happened(output: paths.recorded(output)) }
        return check
    }

    /// Records a call that was not made, and the output that the model gets for it. Unless the call was denied, it
    /// counts as the model's mistake.
    ///
    /// - Parameter received: Arguments that are no JSON, which the model's server will not show to the model again.
    func refuse(_ tool: String, _ path: String, _ failure: Failure, received: String? = nil) async throws -> JSON {
        if let entry = recorder.entry(of: path), entry.status == .completed {
            return try await recordedOutput(path, entry)
        }
        var completion = StepCompletion(
            step: path,
            kind: .tool,
            output: JSON(members: [
                ("error", .string(failure.message)), ("received", received.map { .string(Self.shown($0)) }),
            ]),
            tool: tool,
            failure: failure
        )
        if failure.class != .denied { completion.rejectedOutputs = 1 }
        try await recorder.record(.stepCompleted(completion), durably: true)
        return completion.output ?? .null
    }

    /// Keeps more of the end: that is where the arguments were cut.
    private static func shown(_ arguments: String) -> String {
        arguments.count <= 2_000 ? arguments : "\(arguments.prefix(500))…\(arguments.suffix(1_500))"
    }
}
