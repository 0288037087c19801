import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Tools

@testable import Workflow

/// What a workflow needs to be run in a test: a model, tools, a clock and a job.
struct WorkflowFixture {
    let clock = ManualWallClock()
    var models: [FakeModel] = [FakeModel { _, step in .text("answer to \(step)") }]
    var tools: [FakeTool] = []
    var input: JSON = .null
    var deadline: Timestamp?
    var batch: (any ByteSource)?
    var batchForm: BatchFormat?
    var lineModels: BatchModelMap?
    /// By the tools' names: what the configuration says about approval, allow and deny.
    var policies: [String: String] = [:]
    var budget = JobBudget()
    var artifacts = "/artifacts"

    static let job = JobName(
        id: JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 0, low: 1),
        dropName: Array("ticket.json".utf8)
    )

    init(_ models: FakeModel..., tools: [FakeTool] = [], input: JSON = .null, artifacts: String? = nil) {
        if let artifacts { self.artifacts = artifacts }
        if !models.isEmpty { self.models = models }
        (self.tools, self.input) = (tools, input)
    }

    func definition(_ yaml: String) throws -> WorkflowDefinition {
        let names = WorkflowDefinition.Names(
            models: Set(models.map(\.name)),
            tools: Set(tools.map(\.name)),
            servers: ["time"]
        )
        let document = try Document(Array(yaml.utf8), format: .yaml, name: "c.yaml")
        return try WorkflowDefinition(MemberReader(document), name: "test", names: names)
    }

    private func policy(_ yaml: String) throws -> ToolPolicy {
        try ToolPolicy(MemberReader(Document(Array(yaml.utf8), format: .yaml, name: "tool.yaml")))
    }

    func recorder(
        onRecord: @escaping @Sendable (MemoryRecorder, JobEvent) -> Void = { _, _ in }
    ) -> MemoryRecorder { MemoryRecorder(clock, onRecord: onRecord) }

    func run(_ yaml: String, _ recorder: MemoryRecorder? = nil) async throws -> RunOutcome {
        let workflow = ExecutableWorkflow(
            try definition(yaml),
            models: Dictionary(uniqueKeysWithValues: models.map { ($0.name, $0) }),
            tools: Dictionary(uniqueKeysWithValues: tools.map { ($0.name, $0) }),
            policies: try policies.mapValues(policy),
            lineModels: lineModels
        )
        let context = JobContext(
            name: Self.job,
            scope: Scope(input: input, job: ["id": .string(Self.job.id.text)]),
            deadline: deadline,
            artifacts: artifacts,
            batch: batch,
            batchForm: batchForm,
            budget: budget
        )
        let environment = RunEnvironment(wallClock: clock.wallClock, clock: ContinuousClock(), jitter: { 0.5 })
        return try await WorkflowRun(
            workflow,
            job: context,
            recorder: recorder ?? self.recorder(),
            environment: environment
        ).run()
    }
}

extension RunOutcome {
    var output: JSON? { if case .completed(let output) = self { output } else { nil } }
    var failure: Failure? { if case .failed(_, let failure) = self { failure } else { nil } }
    var hold: Hold? { if case .held(let hold) = self { hold } else { nil } }
}

extension [JobEvent] {
    var started: [StepStart] { compactMap { if case .stepStarted(let start) = $0 { start } else { nil } } }
    var completed: [StepCompletion] { compactMap { if case .stepCompleted(let step) = $0 { step } else { nil } } }
    var failed: [StepFailure] { compactMap { if case .stepFailed(let step) = $0 { step } else { nil } } }
}
