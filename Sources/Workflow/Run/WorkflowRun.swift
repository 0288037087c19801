package import Documents
package import Jobs
package import Models
package import Tools

/// A workflow with its models and tools, ready to run.
package final class ExecutableWorkflow: Sendable {
    package let definition: WorkflowDefinition
    let models: [String: any ChatModel]
    let tools: [String: any Tool]
    let policies: [String: ToolPolicy]
    /// Nil for a job that an earlier version accepted: whatever its lines name, the step's own model answers.
    let lineModels: BatchModelMap?

    /// - Parameters:
    ///   - models: At least those that the definition names.
    ///   - tools: At least those that the definition names.
    ///   - policies: By tool name; a tool without a policy may be called as its parameters allow.
    ///   - lineModels: Which models answer lines of a batch that name one.
    package init(
        _ definition: WorkflowDefinition,
        models: [String: any ChatModel],
        tools: [String: any Tool],
        policies: [String: ToolPolicy] = [:],
        lineModels: BatchModelMap? = nil
    ) {
        self.definition = definition
        self.models = models
        self.tools = tools
        self.policies = policies
        self.lineModels = lineModels
    }
}

/// The job that a workflow runs for.
package struct JobContext: Sendable {
    package var name: JobName
    package var scope: Scope
    package var deadline: Timestamp?
    /// Absolute path of the directory for the tools' files.
    package var artifacts: String
    /// The batch file; nil for other jobs.
    package var batch: (any ByteSource)?
    /// The form of the batch file; nil for lines.
    package var batchForm: BatchFormat?
    /// What the job may still use.
    package var budget: JobBudget

    package init(
        name: JobName,
        scope: Scope,
        deadline: Timestamp?,
        artifacts: String,
        batch: (any ByteSource)? = nil,
        batchForm: BatchFormat? = nil,
        budget: JobBudget = JobBudget()
    ) {
        (self.name, self.scope, self.deadline, self.artifacts) = (name, scope, deadline, artifacts)
        (self.batch, self.batchForm, self.budget) = (batch, batchForm, budget)
    }
}

/// Runs a job's workflow from the point that its history has reached.
///
/// Steps that were recorded do not run again: their outputs come from the record. Everything else goes through
/// ``perform(_:attempt:)``, which records intent, outcome and failure.
///
/// A class, because every waiting step keeps it: as a struct it took a kilobyte in each function on the call stack.
package final class WorkflowRun: Sendable {
    let workflow: ExecutableWorkflow
    let job: JobContext
    let recorder: any StepRecorder
    let environment: RunEnvironment

    package init(
        _ workflow: ExecutableWorkflow,
        job: JobContext,
        recorder: any StepRecorder,
        environment: RunEnvironment
    ) {
        self.workflow = workflow
        self.job = job
        self.recorder = recorder
        self.environment = environment
    }

    /// Runs until the job is finished, or cannot go on for now.
    ///
    /// - Throws: What the recorder throws, and `CancellationError`; then nothing may be concluded about running steps.
    package func run() async throws -> RunOutcome {
        do {
            if let batch = job.batch { return try await runBatch(batch) }
            return .completed(output: try await runWorkflow(in: job.scope, path: ""))
        } catch let interruption as Interruption {
            switch interruption {
            case .failed(let step, let failure): return .failed(step: step, failure)
            case .expired(let step, let failure): return .failed(step: step, failure)
            case .deferred(let until, let reason): return .deferred(until: until, reason: reason)
            case .held(let hold): return .held(hold)
            case .stopping: return .interrupted
            }
        }
    }

    /// Runs the workflow's steps and renders its output; `path` goes before the steps' names.
    func runWorkflow(in scope: Scope, path: String) async throws -> JSON {
        var scope = scope
        let last = try await runSteps(workflow.definition.steps, in: &scope, path: path)
        guard let output = workflow.definition.output else { return last }
        return try failing(nil) { () throws(Failure) in try output.render(scope) }
    }

    /// Runs steps one after another.
    ///
    /// - Returns: The output of the last one that was not skipped.
    func runSteps(_ steps: [StepDefinition], in scope: inout Scope, path: String) async throws -> JSON {
        var last = JSON.null
        for step in steps {
            let stepPath = path.isEmpty ? step.id : "\(path)/\(step.id)"
            if let condition = step.condition, !condition.isTrue(in: scope) {
                try await skip(stepPath, step)
                scope.add(output: .null, of: step.id)
                continue
            }
            last = try await run(step, in: scope, path: stepPath)
            scope.add(output: last, of: step.id)
        }
        return last
    }

    private func run(_ step: StepDefinition, in scope: Scope, path: String) async throws -> JSON {
        switch step.action {
        case .model(let model): try await runModel(model, step.retry, in: scope, path: path)
        case .tool(let tool): try await runTool(tool, step.retry, in: scope, path: path)
        case .agent(let agent): try await runAgent(agent, step.retry, in: scope, path: path)
        case .approval(let approval): try await runApproval(approval, in: scope, path: path)
        case .forEach(let each): try await runForEach(each, in: scope, path: path)
        }
    }

    private func skip(_ path: String, _ step: StepDefinition) async throws {
        guard recorder.entry(of: path) == nil else { return }
        let completion = StepCompletion(step: path, kind: step.action.kind, isSkipped: true)
        try await recorder.record(.stepCompleted(completion), durably: false)
    }

    /// Records, once, that all parts of a composite step are done.
    ///
    /// - Parameter output: Nil where it follows from the parts.
    func recordComposite(_ path: String, _ kind: StepKind, output: JSON? = nil) async throws {
        if recorder.entry(of: path)?.status == .completed { return }
        try await recorder.record(
            .stepCompleted(StepCompletion(step: path, kind: kind, output: output)),
            durably: false
        )
    }

    /// The output of a completed step; the outputs of batch steps are only in the history.
    func recordedOutput(_ path: String, _ entry: StepLedger.Entry?) async throws -> JSON {
        if let output = entry?.output { return output }
        guard case .stepCompleted(let completion) = try await recorder.outcome(of: path) else { return .null }
        return completion.output ?? .null
    }

    /// Turns a failure in preparing a step, for example in a template, into the failure of the job.
    func failing<Value>(_ step: String?, _ body: () throws(Failure) -> Value) throws -> Value {
        do { return try body() } catch { throw Interruption.failed(step: step, error) }
    }
}

extension StepDefinition.Action {
    var kind: StepKind {
        switch self {
        case .model: .model
        case .tool: .tool
        case .agent: .agent
        case .approval: .approval
        case .forEach: .forEach
        }
    }
}
