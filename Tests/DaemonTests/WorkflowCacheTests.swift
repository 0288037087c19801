import AsyncHTTPClient
import Documents
import Engine
import Glibc
import Jobs
import Logging
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Daemon
@testable import Workflow

@Suite("The library of workflows")
struct WorkflowLibraryTests {
    private func definition(prompt: String = "hello") -> JSON {
        [
            "workflow": ["steps": [["id": "a", "prompt": .string(prompt)]]],
            "models": ["default": ["provider": "scripted", "script": "script.yaml"]],
            "tools": [:],
        ]
    }

    private func with(_ body: (WorkflowCache, _ script: String) throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let result: Result<Void, any Error>
        do {
            try await withTemporaryDirectory { directory in
                let script = "\(directory)/script.yaml"
                try write("- reply: hi\n", to: script)
                let library = WorkflowCache(
                    http: http,
                    environment: [:],
                    directory: directory,
                    clock: ContinuousClock(),
                    servers: MCPServers(directory: directory, environment: [:], logger: Logger(label: "test"))
                )
                try body(library, script)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await http.shutdown()
        try result.get()
    }

    @Test("The same definition is made once")
    func once() async throws {
        try await with { library, script in
            _ = try library.executable(definition(), name: "w")
            unlink(script)
            _ = try library.executable(definition(), name: "w")
        }
    }

    @Test("Definitions with the same settings of a model share it, so that its limits count for all")
    func sharedModel() async throws {
        try await with { library, script in
            _ = try library.executable(definition(), name: "w")
            unlink(script)
            _ = try library.executable(definition(prompt: "another"), name: "v")
        }
    }

    @Test("The tools of MCP servers are made without a start of the server")
    func mcpTools() async throws {
        try await with { library, _ in
            let workflow = try library.executable(
                [
                    "workflow": ["steps": [["id": "a", "tool": "time.now"]]],
                    "mcp_servers": ["time": ["command": ["no-such-program"]]],
                ],
                name: "w"
            )
            #expect(workflow.definition.toolNames == ["time.now"])
        }
    }

    @Test("A job whose script is missing fails permanently, with a readable reason")
    func missingScript() async throws {
        try await with { library, script in
            unlink(script)
            let failure = try #require(throws: Failure.self) { try library.executable(definition(), name: "w") }
            #expect(failure.class == .permanent)
            #expect(failure.message.hasPrefix("the recorded workflow cannot be run here: \(script)"))
            #expect(failure.hint == "see whether its models, scripts and tools are there, then retry the job")
        }
    }

    @Test("A missing script is found at start, before there is a job")
    func check() async throws {
        try await with { library, script in
            unlink(script)
            let yaml = "models: {default: {provider: scripted, script: script.yaml}}"
            let document = try Document(Array(yaml.utf8), format: .yaml)
            let configuration = try SpoolConfiguration(document, directory: "/")
            #expect(throws: (any Error).self) { try library.check(configuration.catalog) }
            try write("- reply: hi\n", to: script)
            try library.check(configuration.catalog)
        }
    }

    /// The limiter that a job with these settings of the model named default gets.
    private func limiter(_ library: WorkflowCache, _ settings: JSON) throws -> ModelLimiter {
        let workflow = try library.executable(
            ["workflow": ["steps": [["id": "a", "prompt": "hello"]]], "models": ["default": settings], "tools": [:]],
            name: "w"
        )
        return try #require(workflow.models["default"] as? any LimitedModel).limiter
    }

    private func model(_ members: JSON) -> JSON {
        let common: JSON = ["provider": "openai", "base_url": "http://127.0.0.1:9/v1", "model": "m"]
        return .object((common.object ?? [:]).merging(members.object ?? [:]) { $1 })
    }

    @Test(
        "A model's quota stays known while it is the same model to its server, and only then",
        arguments: [
            (["parameters": ["temperature": 0]], true), (["price": ["input": 1, "output": 2]], true),
            (["timeout": "7s"], true), (["stream": false], true), (["structured": "prompt"], true),
            (["api_key": ["env": "OTHER"]], false), (["model": "n"], false),
            (["base_url": "http://127.0.0.1:8/v1"], false), (["limits": ["concurrency": 3]], false),
            (["headers": ["X-Key": ["env": "OTHER"]]], false),
        ] as [(JSON, Bool)]
    )
    func limiters(change: JSON, isSame: Bool) async throws {
        try await with { library, _ in
            let before = try limiter(library, model([:]))
            library.renew([])
            #expect(try limiter(library, model([:])) === before)
            #expect((try limiter(library, model(change)) === before) == isSame)
        }
    }

    @Test("A script is read again for jobs that start after a reload, and the model keeps its limiter")
    func changedScript() async throws {
        try await with { library, script in
            let settings: JSON = ["provider": "scripted", "script": "script.yaml"]
            let before = try limiter(library, settings)
            try write("- reply: other\n", to: script)
            #expect(try limiter(library, settings) === before)
            library.renew([])
            #expect(try limiter(library, settings) === before)
            try write("- no rule\n", to: script)
            library.renew([])
            #expect(throws: Failure.self) { try library.executable(definition(), name: "w") }
        }
    }
}
