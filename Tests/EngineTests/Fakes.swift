import Documents
import JSONSchema
import Jobs
import Models
import TestKit
import Tools
import Workflow

@testable import Engine

/// A tool in memory that counts its calls.
struct FakeTool: Tool {
    var name: String
    var effect: Effect
    var log: CallLog
    var body: @Sendable (ToolInvocation) async throws -> JSON

    func specification() throws -> ToolSpecification {
        ToolSpecification(summary: "", parameters: try JSONSchema(["type": "object"]), effect: effect)
    }

    func call(_ invocation: ToolInvocation) async throws -> JSON {
        log.calls.update { $0.begin(name, invocation) }
        defer { log.calls.update { $0.running[invocation.arguments["queue"]?.string ?? "", default: 0] -= 1 } }
        return try await body(invocation)
    }
}

/// The calls of all tools of a bench.
final class CallLog: Sendable {
    struct Call: Sendable, Equatable {
        var tool: String
        var job: String
        var step: String
        var attempt: Int
        var arguments: JSON
    }

    struct Calls: Sendable {
        var begun: [Call] = []
        /// Keyed by the queue in the arguments, for tools that get it.
        var running: [String: Int] = [:]
        var runningMost: [String: Int] = [:]
        var allRunningMost = 0

        mutating func begin(_ tool: String, _ invocation: ToolInvocation) {
            begun.append(
                Call(
                    tool: tool,
                    job: invocation.job,
                    step: invocation.step,
                    attempt: invocation.attempt,
                    arguments: invocation.arguments
                )
            )
            let queue = invocation.arguments["queue"]?.string ?? ""
            running[queue, default: 0] += 1
            runningMost[queue] = max(runningMost[queue] ?? 0, running[queue] ?? 0)
            allRunningMost = max(allRunningMost, running.values.reduce(0, +))
        }
    }

    let calls = Watched(Calls())

    func whenBegun(_ count: Int) async { await calls.wait { $0.begun.count >= count } }

    var begun: [Call] { calls.value.begun }
    /// The dropped files' names, in the order of the calls, for tools that get them.
    var names: [String] { begun.compactMap { $0.arguments["name"]?.string } }
}

/// Answers every question with the question.
struct EchoModel: ChatModel {
    let name = "default"

    func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        let text = request.messages.last?.content ?? ""
        var usage = Usage()
        (usage.modelCalls, usage.inputTokens, usage.outputTokens) = (1, 3, 2)
        return ChatAnswer(text: text, usage: usage, model: "echo", body: [:])
    }
}

/// Makes recorded workflows runnable with the bench's tools.
struct FakeProvider: WorkflowProvider {
    var tools: [String: any Tool]
    var model: any ChatModel = EchoModel()
    var policies: [String: ToolPolicy] = [:]

    func executable(_ definition: JSON, name: String) throws -> ExecutableWorkflow {
        let workflow = try WorkflowDefinition(
            MemberReader(Document((definition["workflow"] ?? .null).bytes, format: .json)),
            name: name,
            names: WorkflowDefinition.Names(models: ["default"], tools: Set(tools.keys))
        )
        return ExecutableWorkflow(workflow, models: ["default": model], tools: tools, policies: policies)
    }
}

/// The rows of the jobs that the engine reports, as the index would hold them.
final class MemoryObserver: JobObserver {
    struct Rows: Sendable {
        var jobs: [String: JobSummary] = [:]
        var rejected: [JobSummary] = []

        mutating func put(_ replay: JobReplay) {
            guard let row = JobSummary(replay), row.seq >= jobs[row.job]?.seq ?? 0 else { return }
            jobs[row.job] = row
        }

        func count(_ state: JobSummary.State) -> Int { jobs.values.count { $0.state == state } }

        subscript(name: String) -> JobSummary? { jobs.values.first { $0.name == name } }
    }

    let rows = Watched(Rows())
    let mayLackRecords = Watched(false)

    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord) { rows.update { $0.put(replay) } }
    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord]) { rows.update { $0.put(replay) } }
    func jobWaits(_ job: JobID, why: String?, seq: Int) {
        rows.update { rows in
            guard let row = rows.jobs[job.text], row.seq <= seq else { return }
            rows.jobs[job.text]?.why = why
        }
    }
    func dropRejected(_ row: JobSummary) { rows.update { $0.rejected.append(row) } }
    func recordsMayBeMissing() { mayLackRecords.update { $0 = true } }

    func when(_ count: Int = 1, _ state: JobSummary.State) async { await rows.wait { $0.count(state) >= count } }

    func when(_ name: String, _ state: JobSummary.State) async { await rows.wait { $0[name]?.state == state } }
}
