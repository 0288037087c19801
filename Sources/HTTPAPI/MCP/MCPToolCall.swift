import Client
import Documents
import HTTPTypes
import Jobs
import OrderedCollections
import Tools

/// One call of a tool.
struct MCPToolCall {
    let toolbox: any MCPToolbox
    let call: MCPCall

    /// The longest wait for a job: clients give a call up after a minute, or after thirty seconds without a byte.
    private static let patience: Duration = .seconds(25)
    /// The same where the client takes a task.
    private static let taskPatience: Duration = .seconds(2)
    /// The member of `_meta` with a key of the caller. The request's id is none: clients count from 1 at each start.
    private static let keyMember = "agentspool/idempotency_key"
    private static let keyMax = 512

    /// - Throws: `MCPError` for a call of no tool; what fails otherwise is a result that the model reads.
    func result() async throws -> JSON {
        let name = try call.string("name")
        guard let tool = toolbox.tools.first(where: { $0.name == name }) else {
            throw MCPError(MCPError.invalidParameters, "Unknown tool: \(name)")
        }
        let arguments = call.parameters["arguments"].flatMap { $0.isNull ? nil : $0 } ?? [:]
        guard arguments.object != nil else {
            throw MCPError(MCPError.invalidParameters, "params.arguments are an object, not \(arguments.kindName)")
        }
        let key = try key()
        do {
            return try await run(tool, arguments, key)
        } catch let error as CancellationError {
            throw error
        } catch {
            let problem = Problem(error)
            let isOurs = problem.status.kind == .serverError && problem.status != .serviceUnavailable
            if isOurs { throw MCPError(MCPError.internalError, problem.detail) }
            return MCPJob.failure(problem.detail + (problem.hint.map { "; \($0)" } ?? ""))
        }
    }

    private func key() throws(MCPError) -> String? {
        guard let value = call.meta[Self.keyMember] else { return nil }
        guard let key = value.string, (1...Self.keyMax).contains(key.utf8.count) else {
            let reason = "_meta[\"\(Self.keyMember)\"] is a string of 1 to \(Self.keyMax) bytes"
            throw MCPError(MCPError.invalidParameters, reason)
        }
        return key
    }

    private func run(_ tool: OfferedTool, _ arguments: JSON, _ key: String?) async throws -> JSON {
        if case .run(let workflow, let queue, let isWrapped) = tool.action {
            // What else there is would be left out in silence.
            let input = isWrapped ? try only("input", in: arguments) : arguments
            let patience = call.speaksTasks ? Self.taskPatience : Self.patience
            let job = try await toolbox.run(workflow, in: queue, input: input, key: key, patience: patience)
            return isTask(job) ? MCPTasks.created(job, isModern: call.isModern) : job.result(isModern: call.isModern)
        }
        let reader = try MemberReader(Document(arguments.bytes, format: .json, name: "the arguments"))
        switch tool.action {
        case .run: return [:]  // Above.
        case .status:
            try reader.allowOnly(["job"])
            return try await toolbox.job(reader.job(), patience: .zero).status
        case .result:
            try reader.allowOnly(["job", "wait"])
            let seconds = try reader.int("wait", in: 0...Int(Self.patience.components.seconds)) ?? 0
            return try await toolbox.job(reader.job(), patience: .seconds(seconds)).result(isModern: call.isModern)
        case .list: return try await list(reader)
        case .cancel: return try await carryOut(.cancel, reader)
        case .deny: return try await carryOut(.deny, reader)
        case .approve:
            let action = JobAction.approve(arguments: reader.json("arguments"), hash: try reader.string("hash"))
            return try await carryOut(action, reader, own: ["arguments", "hash"])
        }
    }

    /// A legacy client that asks for a task gets one always; a modern one when the job has not ended.
    private func isTask(_ job: MCPJob) -> Bool { call.speaksTasks && (!call.isModern || job.end == nil) }

    private func only(_ name: String, in arguments: JSON) throws -> JSON {
        let reader = try MemberReader(Document(arguments.bytes, format: .json, name: "the arguments"))
        try reader.allowOnly([name])
        guard let value = reader.value[name] else { throw reader.error(name, "is missing") }
        return value
    }

    private func carryOut(_ action: JobAction, _ reader: MemberReader, own: [String] = []) async throws -> JSON {
        try reader.allowOnly(["job", "reason"] + own)
        return try await toolbox.carryOut(action, on: reader.job(), reason: reader.string("reason")).status
    }

    private func list(_ reader: MemberReader) async throws -> JSON {
        try reader.allowOnly(JobTools.filterNames + ["limit"])
        var items: [(name: String, value: String)] = []
        for name in JobTools.filterNames {
            guard let value = reader.json(name) else { continue }
            for element in value.array ?? [value] {
                guard let text = element.string else { throw reader.error(name, "a string was expected") }
                items.append((name, text))
            }
        }
        let limit = try reader.int("limit", in: 1...JobTools.limit.max) ?? JobTools.limit.default
        let page = try await toolbox.list(Query(items), limit: limit)
        return MCPJob.result(page.text, page)
    }
}

extension MemberReader {
    /// The argument that says which job is meant.
    fileprivate func job() throws(DocumentError) -> String {
        guard let job = try string("job"), !job.isEmpty else { throw error("job", "is missing") }
        return job
    }
}
