import Jobs
import Models
import Tools

/// A step that does one thing outside: asks a model or calls a tool.
struct Leaf: Sendable {
    var path: String
    var kind: StepKind
    var retry: RetryPolicy
    var effect: Effect?
    var tool: String?
    var arguments: JSON?
    /// Whether a permanent failure is given to the model as the step's output instead of ending the job.
    var tellsModel = false
    /// The model that is asked; nil for tools.
    var model: (any ChatModel)?
    /// What one attempt may use at the most, asked of the model that has the turn.
    var worstCase: @Sendable ((any ChatModel)?) -> Usage
    /// Asks the tool whether an attempt has happened; gives nil when it cannot say.
    var check: (@Sendable (_ attempt: Int) async throws -> ToolCheck?)?

    /// A step that asks `model` what `request` says.
    init(asking model: any ChatModel, _ request: ChatRequest, path: String, kind: StepKind, retry: RetryPolicy) {
        (self.path, self.kind, self.retry, self.model) = (path, kind, retry, model)
        worstCase = { $0?.worstCase(of: request) ?? Usage() }
    }

    /// A step that calls a tool.
    init(calling tool: String, _ effect: Effect, _ arguments: JSON, path: String, retry: RetryPolicy) {
        (self.path, self.retry, self.tool, self.arguments, self.effect) = (path, retry, tool, arguments, effect)
        kind = .tool
        worstCase = { _ in Usage.oneToolCall }
    }
}

/// One try at a leaf.
struct Attempt: Sendable {
    /// From 1.
    var number: Int
    /// The model that has the turn; nil for tools.
    var model: (any ChatModel)?
}

/// What one attempt brought.
struct AttemptResult: Sendable {
    var output: JSON
    var usage: Usage?
    /// The model as its provider names it.
    var model: String?
    /// The configured name of the model that stood in for the one that was asked.
    var fallback: String?
    /// Outputs of the model that did not fit and were sent back.
    var rejectedOutputs = 0
}

extension Usage {
    static let oneToolCall: Usage = {
        var usage = Usage()
        usage.toolCalls = 1
        return usage
    }()
}
