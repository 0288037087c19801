package import Documents
package import JSONSchema
package import Jobs

/// Something a workflow or a model can call.
package protocol Tool: Sendable {
    var name: String { get }

    /// What the tool takes and does.
    ///
    /// A tool of an MCP server asks its server, so this may take a while and fail.
    ///
    /// - Throws: ``Failure``, ``ToolNotReady`` when the wait would hold a worker too long, and `CancellationError` when
    ///   the calling task was cancelled.
    func specification() async throws -> ToolSpecification

    /// Says whether a call with an unknown outcome has happened; it changes nothing.
    ///
    /// - Returns: Nil when the tool cannot say.
    /// - Throws: ``Failure`` when the check failed, and `CancellationError` when the calling task was cancelled.
    func check(_ invocation: ToolInvocation) async throws -> ToolCheck?

    /// Calls the tool once; the caller retries.
    ///
    /// - Returns: The output: JSON where the tool printed JSON, else its text (``JSON/init(printed:)``).
    /// - Throws: ``Failure`` (temporary, permanent, or unknown when it may have happened), and `CancellationError`
    ///   when the calling task was cancelled; then whether it happened is not known.
    func call(_ invocation: ToolInvocation) async throws -> JSON
}

extension Tool {
    package func check(_ invocation: ToolInvocation) async throws -> ToolCheck? { nil }
}

/// What a tool takes and does.
package struct ToolSpecification: Sendable, Equatable {
    /// The description for the model.
    package var summary: String
    /// The schema of the arguments.
    package var parameters: JSONSchema
    package var effect: Effect
    /// Limit of an answer to a model, in bytes; longer answers are shortened.
    package var answerMax: Int

    package init(summary: String, parameters: JSONSchema, effect: Effect, answerMax: Int? = nil) {
        (self.summary, self.parameters, self.effect) = (summary, parameters, effect)
        self.answerMax = answerMax ?? AnswerLimit.standard
    }
}

/// A tool's statement about a call with an unknown outcome.
package enum ToolCheck: Sendable, Equatable {
    case happened(output: JSON)
    case didNotHappen
}

/// One call of a tool.
package struct ToolInvocation: Sendable {
    package var arguments: JSON
    package var job: String
    /// The step's path.
    package var step: String
    /// From 1.
    package var attempt: Int
    /// The same in every attempt.
    package var idempotencyKey: String
    /// Absolute path of the directory for files that the tool wants to keep; it may not be there yet.
    package var artifacts: String

    package init(
        arguments: JSON,
        job: String,
        step: String,
        attempt: Int,
        idempotencyKey: String,
        artifacts: String
    ) {
        (self.arguments, self.job, self.step, self.attempt) = (arguments, job, step, attempt)
        (self.idempotencyKey, self.artifacts) = (idempotencyKey, artifacts)
    }
}
