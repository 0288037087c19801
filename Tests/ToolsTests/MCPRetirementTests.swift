import Documents
import Jobs
import TestKit
import Testing

@testable import Tools

@Suite("An MCP server that the configuration no longer has, or has with other settings")
struct MCPRetirementTests {
    /// The same server, started in another way.
    private func renewed(_ bench: MCPFixture) throws -> MCPServerSettings {
        try MCPFixture.settings(["python3", "server.py", "renewed"])
    }

    private func call(_ name: String, of settings: MCPServerSettings, _ bench: MCPFixture) async throws -> JSON {
        let tool = MCPTool(
            try #require(MCPToolName("\(settings.name).\(name)")),
            of: bench.servers.server(settings),
            settings
        )
        return try await tool.call(
            ToolInvocation(
                arguments: [:],
                job: "01J",
                step: "b",
                attempt: 1,
                idempotencyKey: "01J/b",
                artifacts: "\(bench.place.directory)/artifacts"
            )
        )
    }

    @Test("An MCP server with unchanged settings keeps its process")
    func same() async throws {
        try await MCPFixture.with { bench in
            _ = try await bench.call("echo")
            await bench.servers.keep([bench.settings])
            _ = try await bench.call("echo")
            #expect(bench.processes.count == 1)
        }
    }

    @Test("A retired MCP server without a running call ends at once")
    func idle() async throws {
        try await MCPFixture.with { bench in
            _ = try await bench.call("echo")
            await bench.servers.keep([])
            try await bench.place.untilEnded(bench.processes[0])
        }
    }

    @Test("A retired MCP server finishes its running calls before its replacement starts")
    func running() async throws {
        try await MCPFixture.with { bench in
            async let work = bench.call("work")
            try await bench.untilReceived("tools/call")
            let renewed = try renewed(bench)
            await bench.servers.keep([renewed])
            async let next = call("echo", of: renewed, bench)
            // A call of a job that was accepted before shares the process that still runs, and ends the other call.
            _ = try await bench.call("finish")
            #expect(try await work == "worked")
            _ = try await next
            #expect(bench.processes.count == 2)
            #expect(!ToolFixture.isRunning(bench.processes[0]))
            #expect(ToolFixture.isRunning(bench.processes[1]))
        }
    }

    @Test("A retired MCP server starts again for a call of a job that was accepted with it, and ends with the call")
    func former() async throws {
        try await MCPFixture.with { bench in
            _ = try await bench.call("echo")
            await bench.servers.keep([try renewed(bench)])
            try await bench.place.untilEnded(bench.processes[0])
            _ = try await bench.call("echo")
            #expect(bench.processes.count == 2)
            try await bench.place.untilEnded(bench.processes[1])
            // It is back in the configuration, and stays.
            await bench.servers.keep([bench.settings])
            _ = try await bench.call("echo")
            _ = try await bench.call("echo")
            #expect(bench.processes.count == 3)
        }
    }
}
