package import Jobs

/// Something a workflow or a model can call.
package protocol Tool: Sendable {
    var name: String { get }
    /// What the model is told.
    var summary: String { get }
    /// JSON Schema of the arguments.
    var parameters: JSON { get }
    var effect: Effect { get }

    /// Calls the tool once; retrying is the caller's business.
    ///
    /// - Returns: The output: JSON where the tool printed JSON, else its text.
    /// - Throws: ``Failure`` (temporary, permanent, or unknown when it may have happened), and `CancellationError`
    ///   when the calling task was cancelled; then whether it happened is not known.
    func call(_ invocation: ToolInvocation) async throws -> JSON
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
