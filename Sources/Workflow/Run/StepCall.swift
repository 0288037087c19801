import Documents
import Jobs
import Models
import Tools

/// A step that makes one external call: it asks a model or calls a tool.
struct StepCall: Sendable {
    var path: String
    var kind: StepKind
    var retry: RetryPolicy
    var effect: Effect?
    var tool: String?
    var arguments: JSON?
    /// Whether a permanent failure becomes the step's output, for the model, instead of ending the job.
    var tellsModel = false
    /// The model that is asked; nil for tools.
    var model: (any ChatModel)?
    /// The most that one attempt may use, by the model that has the turn.
    var worstCase: @Sendable ((any ChatModel)?) -> Usage
    /// A digest of the question or the call.
    var asked: String
    /// Asks the tool whether an attempt happened; returns nil when the tool cannot say.
    var check: (@Sendable (StepStart) async throws -> ToolCheck?)?
    /// Whether the caller has already looked for an earlier outcome, in this job and in the one that it resumes.
    var isPastKnown = false

    /// A step that asks `model` what `request` says.
    init(asking model: any ChatModel, _ request: ChatRequest, path: String, kind: StepKind, retry: RetryPolicy) {
        (self.path, self.kind, self.retry, self.model) = (path, kind, retry, model)
        worstCase = { $0?.worstCase(of: request) ?? Usage() }
        asked = Self.digest([.string(model.name), request.question])
    }

    /// A step that calls a tool.
    init(calling tool: String, _ effect: Effect, _ arguments: JSON, path: String, retry: RetryPolicy) {
        (self.path, self.retry, self.tool, self.arguments, self.effect) = (path, retry, tool, arguments, effect)
        kind = .tool
        worstCase = { _ in Usage.oneToolCall }
        asked = Self.digest([.string(tool), arguments])
    }

    /// Enough of SHA-256 to tell the steps of one workflow apart.
    private static func digest(_ question: JSON) -> String { String(question.sha256.prefix(32)) }
}

/// One attempt at a ``StepCall``.
struct Attempt: Sendable {
    /// From 1.
    var number: Int
    /// From 1; includes the requests that the model's quota refused, which are no attempts.
    var request: Int
    /// The model that has the turn; nil for tools.
    var model: (any ChatModel)?
    /// Reserves the most that a further call in the same attempt may use, until the attempt is booked.
    var reserveMore: @Sendable (Usage) throws(OverBudget) -> Void = { _ in }
}

/// The result of one attempt.
struct AttemptResult: Sendable {
    var output: JSON
    var usage: Usage?
    /// The model as its provider names it.
    var model: String?
    /// The configured name of the fallback model that answered; nil when the model that was asked did.
    var fallback: String?
    /// How many outputs of the model did not fit and were sent back.
    var rejectedOutputs = 0
    /// Facts about a model's answer.
    var facts = AnswerMetadata()

    mutating func take(_ answer: ChatAnswer) {
        (model, fallback, facts) = (answer.model, answer.fallback, answer.facts)
    }
}

extension Usage {
    static let oneToolCall: Usage = {
        var usage = Usage()
        usage.toolCalls = 1
        return usage
    }()
}

extension ChatRequest {
    /// The parts of the request that the answer depends on.
    fileprivate var question: JSON {
        JSON(members: [
            ("messages", .array(messages.map(\.question))), ("body", body), ("schema", outputSchema),
            ("endpoint", endpoint == .chat ? nil : .string(endpoint.rawValue)),
            ("tools", .array(tools.map { [.string($0.name), .string($0.description), $0.parameters] })),
        ])
    }
}

extension ChatMessage {
    fileprivate var question: JSON {
        [
            .string(role.rawValue), .string(content), JSON(toolCallID),
            .array(toolCalls.map { [.string($0.id), .string($0.name), .string($0.arguments)] }),
        ]
    }
}
