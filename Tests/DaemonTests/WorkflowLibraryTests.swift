import AsyncHTTPClient
import Engine
import Glibc
import Jobs
import Logging
import OrderedCollections
import TestKit
import Testing
import Tools
import Workflow

@testable import Daemon

@Suite("The library of workflows")
struct WorkflowLibraryTests {
    private func definition(prompt: String = "hello") -> JSON {
        [
            "workflow": ["steps": [["id": "a", "prompt": .string(prompt)]]],
            "models": ["default": ["provider": "scripted", "script": "script.yaml"]],
            "tools": [:],
        ]
    }

    private func with(_ body: (WorkflowLibrary, _ script: String) throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let result: Result<Void, any Error>
        do {
            try await withTemporaryDirectory { directory in
                let script = "\(directory)/script.yaml"
                try write("- reply: hi\n", to: script)
                let library = WorkflowLibrary(
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

    @Test("makes the same definition once")
    func once() async throws {
        try await with { library, script in
            _ = try library.executable(definition(), name: "w")
            unlink(script)
            _ = try library.executable(definition(), name: "w")
        }
    }

    @Test("shares a model between definitions that have the same settings of it, so that its limits count for all")
    func sharedModel() async throws {
        try await with { library, script in
            _ = try library.executable(definition(), name: "w")
            unlink(script)
            _ = try library.executable(definition(prompt: "another"), name: "v")
        }
    }

    @Test("makes the tools of MCP servers, and starts no server for it")
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

    @Test("fails a job readably, and for good, whose script is missing")
    func missingScript() async throws {
        try await with { library, script in
            unlink(script)
            let failure = try #require(throws: Failure.self) { try library.executable(definition(), name: "w") }
            #expect(failure.class == .permanent)
            #expect(failure.message.hasPrefix("the recorded workflow cannot be run here: \(script)"))
            #expect(failure.hint == "see whether its models, scripts and tools are there, then retry the job")
        }
    }

    @Test("finds a missing script at start, before there is a job")
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
}
