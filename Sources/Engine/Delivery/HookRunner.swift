package import Jobs
package import Tools

/// Runs the commands that are told of a job's end.
package protocol HookRunner: Sendable {
    /// - Throws: `Failure`; `CancellationError` when the calling task was cancelled.
    func run(
        _ hook: DeliverySettings.Hook,
        input: [UInt8],
        variables: [String: String],
        key: String
    ) async throws
}

extension CommandHooks: HookRunner {}
