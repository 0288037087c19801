import Client
import Documents
import HTTPTypes
import Jobs
import OrderedCollections
import Synchronization
import Testing
import Tools

@testable import HTTPAPI

/// Messages of both eras, and what they are answered with.
@Suite("The messages of MCP") struct MCPFaceTests {
    private static let modern: JSON = [
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": [:],
    ]
    private static let withTasks: JSON = [
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": ["extensions": ["io.modelcontextprotocol/tasks": [:]]],
    ]

    private static func modernHeaders(_ method: String, _ name: String? = nil) -> MCPHeaders {
        MCPHeaders(version: "2026-07-28", method: method, name: name)
    }

    private func answer(_ text: String, _ headers: MCPHeaders = MCPHeaders(), _ box: FakeToolbox = FakeToolbox())
        async throws
        -> MCPAnswer
    {
        try await MCPFace(toolbox: box).answer(to: Array(text.utf8), headers)
    }

    private func modernAnswer(
        _ method: String,
        _ parameters: [(String, JSON?)] = [],
        meta: JSON = modern,
        name: String? = nil,
        _ box: FakeToolbox = FakeToolbox()
    ) async throws -> MCPAnswer {
        let message: JSON = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method),
            "params": JSON(members: parameters + [("_meta", meta)]),
        ]
        return try await answer(message.text, Self.modernHeaders(method, name), box)
    }

    private func legacyAnswer(_ method: String, _ parameters: JSON?, _ box: FakeToolbox = FakeToolbox()) async throws
        -> JSON
    {
        let message = JSON(members: [
            ("jsonrpc", "2.0"), ("id", "a"), ("method", .string(method)), ("params", parameters),
        ])
        let answer = try await answer(message.text, MCPHeaders(version: "2025-11-25"), box)
        #expect(answer.status == .ok)
        #expect(answer.body?["id"] == "a")
        return try #require(answer.body)
    }

    // MARK: What is wrong

    struct Wrong: CustomTestStringConvertible, Sendable {
        var name: String
        var message: String
        var headers = MCPHeaders()
        var status: Int
        var code: Int

        var testDescription: String { name }
    }

    @Test(
        "A message that breaks the rules gets the code of its fault",
        arguments: [
            Wrong(name: "no JSON", message: "{this is not json", status: 400, code: -32700),
            Wrong(name: "a number", message: "5", status: 400, code: -32600),
            Wrong(name: "an empty batch", message: "[]", status: 400, code: -32600),
            Wrong(name: "no version of JSON-RPC", message: #"{"id":1,"method":"ping"}"#, status: 400, code: -32600),
            Wrong(name: "neither method nor result", message: #"{"jsonrpc":"2.0","id":1}"#, status: 400, code: -32600),
            Wrong(
                name: "a method that is no string",
                message: #"{"jsonrpc":"2.0","id":1,"method":5}"#,
                status: 400,
                code: -32600
            ),
            Wrong(
                name: "an id that is null",
                message: #"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
                status: 400,
                code: -32600
            ),
            Wrong(
                name: "params that are a list",
                message: #"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#,
                status: 400,
                code: -32602
            ),
            Wrong(
                name: "an unknown method",
                message: #"{"jsonrpc":"2.0","id":1,"method":"no/such"}"#,
                status: 200,
                code: -32601
            ),
            Wrong(
                name: "a call without params",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#,
                status: 200,
                code: -32602
            ),
            Wrong(
                name: "a call without a name",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}"#,
                status: 200,
                code: -32602
            ),
            Wrong(
                name: "a call of no tool",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"nope"}}"#,
                status: 200,
                code: -32602
            ),
            Wrong(
                name: "arguments that are text",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":"x"}}"#,
                status: 200,
                code: -32602
            ),
            Wrong(
                name: "a cursor that no page gave",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}"#,
                status: 200,
                code: -32602
            ),
            Wrong(
                name: "an unknown version in the header",
                message: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
                headers: MCPHeaders(version: "1999-01-01"),
                status: 400,
                code: -32022
            ),
            Wrong(
                name: "a modern header without _meta",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
                headers: modernHeaders("tools/list"),
                status: 400,
                code: -32602
            ),
            Wrong(
                name: "a modern batch",
                message: #"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#,
                headers: modernHeaders("tools/list"),
                status: 400,
                code: -32600
            ),
            Wrong(
                name: "a header that names another method",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":\#(modern.text)}}"#,
                headers: modernHeaders("tools/call"),
                status: 400,
                code: -32020
            ),
            Wrong(
                name: "a modern message without its header",
                message: #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":\#(modern.text)}}"#,
                headers: MCPHeaders(version: nil, method: "tools/list"),
                status: 400,
                code: -32020
            ),
            Wrong(
                name: "a header that names another tool",
                message:
                    #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":\#(modern.text)}}"#,
                headers: modernHeaders("tools/call", "list_jobs"),
                status: 400,
                code: -32020
            ),
            Wrong(
                name: "a later version",
                message:
                    #"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
                headers: MCPHeaders(version: "2099-01-01", method: "tools/list"),
                status: 400,
                code: -32022
            ),
            Wrong(
                name: "a method of the other era",
                message: #"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":\#(modern.text)}}"#,
                headers: modernHeaders("ping"),
                status: 404,
                code: -32601
            ),
            Wrong(
                name: "a task of a client that does not speak tasks",
                message:
                    #"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"x","_meta":\#(modern.text)}}"#,
                headers: modernHeaders("tasks/get", "x"),
                status: 400,
                code: -32021
            ),
        ]
    )
    func wrong(_ wrong: Wrong) async throws {
        let answer = try await answer(wrong.message, wrong.headers)
        #expect(answer.status.code == wrong.status)
        #expect(answer.body?["error"]?["code"]?.int == wrong.code)
    }

    @Test(
        "What needs no answer gets none",
        arguments: [
            #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
            #"{"jsonrpc":"2.0","id":7,"result":{}}"#, #"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#,
        ]
    )
    func silence(message: String) async throws {
        #expect(try await answer(message) == MCPAnswer(status: .accepted))
    }

    // MARK: Beginning

    @Test("A modern client discovers every version, and that tools and tasks are there")
    func discover() async throws {
        let result = try #require(try await modernAnswer("server/discover").body?["result"])
        #expect(result["supportedVersions"]?.array?.first == "2026-07-28")
        #expect(result["capabilities"]?["extensions"]?["io.modelcontextprotocol/tasks"] == [:])
        #expect(result["resultType"] == "complete")
        #expect(result["cacheScope"] == "private")
        #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "agentspool")
    }

    @Test(
        "A legacy client gets its version, or the newest legacy one",
        arguments: [
            ("2025-11-25", "2025-11-25", true), ("2025-06-18", "2025-06-18", false),
            ("2025-03-26", "2025-03-26", false),
            ("2024-11-05", "2024-11-05", false), ("2026-07-28", "2025-11-25", true), ("soon", "2025-11-25", true),
        ]
    )
    func initialize(asked: String, given: String, hasTasks: Bool) async throws {
        let parameters: JSON = [
            "protocolVersion": .string(asked), "capabilities": [:], "clientInfo": ["name": "x", "version": "1"],
        ]
        let result = try #require(try await legacyAnswer("initialize", parameters)["result"])
        #expect(result["protocolVersion"]?.string == given)
        #expect((result["capabilities"]?["tasks"] != nil) == hasTasks)
    }

    @Test("A batch of 2025-03-26 is answered in its order, without its notifications")
    func batch() async throws {
        let text = """
            [{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},
             {"jsonrpc":"2.0","id":"b","method":"no/such"}]
            """
        let body = try #require(try await answer(text).body?.array)
        #expect(body.map { $0["id"] } == [1, "b"])
    }

    // MARK: Tools

    @Test("Both eras list the tools; the modern list says how long it is fresh")
    func list() async throws {
        let old = try #require(try await legacyAnswer("tools/list", nil)["result"])
        let new = try #require(try await modernAnswer("tools/list").body?["result"])
        #expect(old["tools"] == new["tools"])
        #expect(old["tools"]?.array?.first?["name"] == "echo")
        #expect(new["ttlMs"]?.int != nil && old["ttlMs"] == nil)
    }

    struct Outcome: CustomTestStringConvertible, Sendable {
        var name: String
        var job: MCPJob
        var text: String
        var structured: JSON?
        var isError = false

        var testDescription: String { name }
    }

    private static let id = "01KXY7A8B9C0D1E2F3G4H5J6K7"

    private static func job(_ state: JobSummary.State, why: String? = nil, _ end: MCPJob.End? = nil) -> MCPJob {
        var row = JobSummary(job: id, name: "echo.json", queue: "q", state: state)
        row.why = why
        return MCPJob(row: row, end: end)
    }

    @Test(
        "A call gives the output as text, and as a value where it is one; a failure has no value that would not fit",
        arguments: [
            Outcome(name: "text", job: job(.done, .completed("hello")), text: "hello"),
            Outcome(name: "an object", job: job(.done, .completed(["a": 1])), text: #"{"a":1}"#, structured: ["a": 1]),
            Outcome(name: "a list", job: job(.done, .completed([1])), text: "[1]", structured: [1]),
            Outcome(name: "what others may not read", job: job(.done, .withheld), text: "to its owner", isError: true),
            Outcome(name: "a failure", job: job(.failed, .failed("What: x")), text: "What: x", isError: true),
            Outcome(
                name: "held",
                job: job(.held, why: "asks a person"),
                text: "is held: asks a person",
                structured: ["job": .string(id), "state": "held", "why": "asks a person"]
            ),
        ]
    )
    func call(_ outcome: Outcome) async throws {
        let box = FakeToolbox(job: outcome.job)
        let answer = try await modernAnswer(
            "tools/call",
            [("name", "echo"), ("arguments", ["text": "x"])],
            name: "echo",
            box
        )
        let result = try #require(answer.body?["result"])
        #expect(result["content"]?.array?.first?["text"]?.string?.contains(outcome.text) == true)
        #expect(result["structuredContent"] == outcome.structured)
        #expect(result["isError"] == .bool(outcome.isError))
        #expect(box.asked == [#"run w in q {"text":"x"} nil"#])
    }

    @Test("A legacy client gets structured content that is an object, and no other")
    func legacyStructure() async throws {
        let box = FakeToolbox(job: Self.job(.done, .completed([1])))
        let result = try await legacyAnswer("tools/call", ["name": "echo"], box)["result"]
        #expect(result?["content"]?.array?.first?["text"] == "[1]")
        #expect(result?["structuredContent"] == nil)
    }

    @Test("The key in _meta is the job's; the request's id is none")
    func key() async throws {
        let box = FakeToolbox(job: Self.job(.done, .completed("x")))
        var meta = Self.modern.object ?? [:]
        meta["agentspool/idempotency_key"] = "k1"
        _ = try await modernAnswer("tools/call", [("name", "echo")], meta: .object(meta), name: "echo", box)
        #expect(box.asked == ["run w in q {} k1"])
    }

    @Test("What the model can mend is a result that it reads; what the spool cannot do is an error")
    func problems() async throws {
        let refused = FakeToolbox(problem: Problem(.unprocessableContent, "input: /text is missing"))
        let result = try await legacyAnswer("tools/call", ["name": "echo"], refused)["result"]
        #expect(result?["isError"] == true)
        #expect(result?["content"]?.array?.first?["text"] == "input: /text is missing")
        let broken = FakeToolbox(problem: Problem(.internalServerError, "the disk is gone"))
        let error = try await legacyAnswer("tools/call", ["name": "echo"], broken)["error"]
        #expect(error?["code"]?.int == -32603)
    }

    @Test(
        "The tools about jobs check their arguments",
        arguments: [
            ("job_status", "{}", "is missing"), ("job_status", #"{"job":5}"#, "a string"),
            ("job_status", #"{"jop":"x"}"#, "did you mean"),
            ("job_result", #"{"job":"x","wait":26}"#, "25"), ("list_jobs", #"{"limit":0}"#, "1"),
            ("list_jobs", #"{"state":5}"#, "a string"),
            ("cancel_job", #"{"job":"x","hash":"y"}"#, "unknown member"),
        ]
    )
    func jobArguments(tool: String, arguments: String, part: String) async throws {
        let box = FakeToolbox()
        let parameters: JSON = ["name": .string(tool), "arguments": try JSONParser.parse(arguments)]
        let result = try await legacyAnswer("tools/call", parameters, box)["result"]
        #expect(result?["isError"] == true)
        #expect(result?["content"]?.array?.first?["text"]?.string?.contains(part) == true)
        #expect(box.asked.isEmpty)
    }

    // MARK: Tasks

    @Test("A modern client that speaks tasks gets one while the job runs, and the result when it has ended")
    func modernTask() async throws {
        let running = FakeToolbox(job: Self.job(.running))
        let made = try await modernAnswer("tools/call", [("name", "echo")], meta: Self.withTasks, name: "echo", running)
        #expect(made.body?["result"]?["resultType"] == "task")
        #expect(made.body?["result"]?["taskId"]?.string == Self.id)
        #expect(made.body?["result"]?["status"] == "working")
        let done = FakeToolbox(job: Self.job(.failed, .failed("What: x")))
        let task: [(String, JSON?)] = [("taskId", .string(Self.id))]
        let got = try await modernAnswer("tasks/get", task, meta: Self.withTasks, name: Self.id, done)
        #expect(got.body?["result"]?["resultType"] == "complete")
        #expect(got.body?["result"]?["status"] == "completed")
        #expect(got.body?["result"]?["result"]?["isError"] == true)
        let cancelled = try await modernAnswer("tasks/cancel", task, meta: Self.withTasks, name: Self.id, running)
        #expect(cancelled.body?["result"]?["resultType"] == "complete")
        #expect(running.asked.last == "cancel \(Self.id)")
    }

    @Test("A legacy client that asks for a task gets one, then its state and its result")
    func legacyTask() async throws {
        let box = FakeToolbox(job: Self.job(.done, .completed("hello")))
        let made = try await legacyAnswer("tools/call", ["name": "echo", "task": ["ttl": 1000]], box)["result"]
        #expect(made?["task"]?["status"] == "completed")
        let task: JSON = ["taskId": .string(Self.id)]
        #expect(try await legacyAnswer("tasks/get", task, box)["result"]?["taskId"]?.string == Self.id)
        let result = try await legacyAnswer("tasks/result", task, box)["result"]
        #expect(result?["content"]?.array?.first?["text"] == "hello")
        #expect(result?["_meta"]?["io.modelcontextprotocol/related-task"]?["taskId"]?.string == Self.id)
        #expect(try await legacyAnswer("tasks/cancel", task, box)["error"]?["code"]?.int == -32602)
        #expect(try await legacyAnswer("tasks/get", ["taskId": "echo.json"], box)["error"]?["code"]?.int == -32602)
    }
}

/// Gives one job, or one problem, and records what was asked of it.
private final class FakeToolbox: MCPToolbox {
    private let job: MCPJob?
    private let problem: Problem
    private let calls = Mutex<[String]>([])

    init(job: MCPJob? = nil, problem: Problem = .notFound("job")) { (self.job, self.problem) = (job, problem) }

    var asked: [String] { calls.withLock(\.self) }

    var tools: [OfferedTool] {
        let echo = OfferedTool(
            name: "echo",
            about: "",
            input: ["type": "object"],
            hints: OfferedTool.Hints(),
            action: .run(workflow: "w", queue: "q", isWrapped: false)
        )
        return [echo] + JobTools.tools(answers: true)
    }

    private func give(_ call: String) throws -> MCPJob {
        calls.withLock { $0.append(call) }
        guard let job else { throw problem }
        return job
    }

    func run(_ workflow: String, in queue: String, input: JSON, key: String?, patience: Duration) async throws -> MCPJob
    {
        try give("run \(workflow) in \(queue) \(input.text) \(key ?? "nil")")
    }

    func job(_ id: String, patience: Duration) async throws -> MCPJob { try give("job \(id)") }

    func carryOut(_ action: JobAction, on id: String, reason: String?) async throws -> MCPJob {
        try give("\(action.kind) \(id)")
    }

    func list(_ query: Query, limit: Int) async throws -> JSON {
        calls.withLock { $0.append("list \(limit)") }
        return ["jobs": []]
    }
}
