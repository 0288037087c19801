import Client
import Documents
import HTTPTypes
import Jobs
import OrderedCollections
import Tools

/// Jobs as tasks: of MCP 2025-11-25, and of the extension `io.modelcontextprotocol/tasks` of MCP 2026-07-28.
///
/// A task is its job, and its id the job's: nothing is kept here.
struct MCPTasks {
    let toolbox: any MCPToolbox
    let call: MCPCall

    /// The longest wait for a task's result.
    private static let patience: Duration = .seconds(600)

    /// The answer to the call that made a task.
    static func created(_ job: MCPJob, isModern: Bool) -> JSON {
        if !isModern { return ["task": job.task(isModern: false)] }
        var members = job.task(isModern: true).object ?? [:]
        members["resultType"] = "task"
        return .object(members)
    }

    func get() async throws -> JSON {
        let job = try await job()
        return call.isModern ? job.detailedTask : job.task(isModern: false)
    }

    /// No task asks its client for anything: there is nothing that an update could answer.
    func update() async throws -> JSON {
        _ = try await job()
        return [:]
    }

    func cancel() async throws -> JSON {
        let job = try await job()
        if job.row.hasEnded {
            if call.isModern { return [:] }
            throw MCPError(MCPError.invalidParameters, "the task \(job.row.job) has ended, and cannot be cancelled")
        }
        do {
            let cancelled = try await toolbox.carryOut(.cancel, on: job.row.job, reason: nil)
            return call.isModern ? [:] : cancelled.task(isModern: false)
        } catch {
            let problem = Problem(error)
            guard problem.status == .forbidden || problem.status == .unprocessableContent else { throw error }
            throw MCPError(MCPError.invalidParameters, problem.detail)
        }
    }

    /// The result of a legacy task, after its end.
    func result() async throws -> JSON {
        let clockedOut = MCPError(
            MCPError.internalError,
            "the task has not ended within \(Self.patience.components.seconds) s; ask again, or poll tasks/get"
        )
        let job = try await job(patience: Self.patience)
        if job.end == nil, job.row.state != .held { throw clockedOut }
        var members = job.result(isModern: false).object ?? [:]
        members["_meta"] = ["io.modelcontextprotocol/related-task": ["taskId": .string(job.row.job)]]
        return .object(members)
    }

    private func job(patience: Duration = .zero) async throws -> MCPJob {
        if call.isModern, !call.speaksTasks {
            throw MCPError(
                MCPError.missingClientCapability,
                "Missing required client capability",
                data: ["requiredCapabilities": ["extensions": ["io.modelcontextprotocol/tasks": [:]]]]
            )
        }
        let id = try call.string("taskId")
        do throws(any Error) {
            // A part of an id, and a file's name, name no task.
            guard JobID(id) != nil else { throw JobLookup.notFound(id) }
            return try await toolbox.job(id, patience: patience)
        } catch let problem as Problem where problem.status == .notFound {
            throw MCPError(MCPError.invalidParameters, "Task not found: \(id)")
        }
    }
}
