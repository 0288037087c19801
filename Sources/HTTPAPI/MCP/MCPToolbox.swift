import Client
import Documents
import OrderedCollections

/// What the tools of MCP do for one caller.
protocol MCPToolbox: Sendable {
    /// The tools that the caller sees, in a steady order.
    var tools: [OfferedTool] { get }

    /// Submits a job; it is durable before anything is waited for.
    ///
    /// - Parameters:
    ///   - key: A second submission with the key does not run.
    ///   - patience: The longest wait for the job's end.
    /// - Throws: ``Problem``, `CancellationError`.
    func run(_ workflow: String, in queue: String, input: JSON, key: String?, patience: Duration) async throws -> MCPJob

    /// The job, after its end if that comes in time.
    ///
    /// - Throws: ``Problem``; 404 when there is none that the caller may see.
    func job(_ id: String, patience: Duration) async throws -> MCPJob

    /// Does something with a job, and returns when it is recorded.
    ///
    /// - Throws: ``Problem``.
    func carryOut(_ action: JobAction, on id: String, reason: String?) async throws -> MCPJob

    /// A page of rows.
    ///
    /// - Throws: ``Problem``.
    func list(_ query: Query, limit: Int) async throws -> JSON
}
