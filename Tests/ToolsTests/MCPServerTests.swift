import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("The life of an MCP server")
struct MCPServerTests {
    @Test("An MCP server starts when it is first needed, and ends when its input is closed")
    func life() async throws {
        try await MCPFixture.with { bench in
            let tool = try bench.tool("echo")
            #expect(bench.processes.isEmpty)
            _ = try await tool.specification()
            let process = try #require(bench.processes.first)
            #expect(ToolFixture.isRunning(process))
            await bench.servers.close()
            #expect(!ToolFixture.isRunning(process))
            let failure = try await bench.failure("echo")
            #expect(failure.message == "the MCP server fake could not be started: the daemon is stopping")
        }
    }

    @Test("An MCP server that ignores the end of its input gets SIGTERM, and then SIGKILL")
    func stubborn() async throws {
        try await MCPFixture.with("stubborn") { bench in
            _ = try await bench.call("echo")
            async let closed: Void = bench.servers.close()
            await bench.clock.whenSleeping(for: MCPConnection.grace)
            #expect(bench.place.text("told") == nil)
            bench.clock.advance(by: MCPConnection.grace)
            try await bench.place.until("the server has got SIGTERM") { bench.place.text("told") == "SIGTERM\n" }
            await bench.clock.whenSleeping(for: MCPConnection.grace)
            #expect(ToolFixture.isRunning(bench.processes[0]))
            bench.clock.advance(by: MCPConnection.grace)
            await closed
            #expect(!ToolFixture.isRunning(bench.processes[0]))
        }
    }

    @Test("An MCP server that died restarts after a back-off that grows until a call is answered")
    func backoff() async throws {
        try await MCPFixture.with { bench in
            #expect(try await bench.failure("die").class == .unknown)
            for wait in [1, 2, 4] {
                async let failed = bench.failure("die")
                await bench.clock.whenSleeping(for: .seconds(wait))
                #expect(bench.processes.count == [1: 1, 2: 2, 4: 3][wait])
                bench.clock.advance(by: .seconds(wait))
                #expect(try await failed.class == .unknown)
            }
            bench.clock.advance(by: .seconds(100))
            _ = try await bench.call("echo")
            #expect(try await bench.failure("die").class == .unknown)
            async let output = bench.call("echo")
            await bench.clock.whenSleeping(for: .seconds(1))
            bench.clock.advance(by: .seconds(1))
            #expect(try await output == [:])
        }
    }

    @Test("An MCP server that cannot start is tried three times, and fails temporarily with its last words")
    func failsAtStart() async throws {
        try await MCPFixture.with("fails-at-start") { bench in
            async let failed = bench.failure("echo")
            for wait in [1, 2] {
                await bench.clock.whenSleeping(for: .seconds(wait))
                bench.clock.advance(by: .seconds(wait))
            }
            let failure = try await failed
            #expect(failure.class == .temporary)
            let reason = "it exited with 1: no licence"
            #expect(failure.message == "the MCP server fake could not be started: \(reason)")
            #expect(bench.processes.count == 3)
        }
    }

    @Test("An MCP server whose program is missing is a permanent failure")
    func missingProgram() async throws {
        let bench = try MCPFixture(command: ["no-such-server"])
        let failure = try await bench.failure("echo")
        #expect(failure.class == .permanent)
        #expect(failure.message == "the MCP server fake cannot run no-such-server: no such program")
    }

    @Test("An MCP server whose program cannot be executed is a permanent failure")
    func noProgram() async throws {
        let bench = try MCPFixture(command: ["./server"])
        bench.place.write("server", "just text", permissions: 0o755)
        let failure = try await bench.failure("echo")
        #expect(failure.class == .permanent)
        #expect(failure.message == "the MCP server fake was not started: exec format error")
    }

    @Test("A cancelled job stops waiting for an MCP server's start, which ends with the last waiting job")
    func cancelledStart() async throws {
        try await MCPFixture.with("silent") { bench in
            let first = Task { try await bench.call("echo") }
            try await bench.untilReceived("server/discover")
            let second = Task { try await bench.call("echo") }
            second.cancel()
            await #expect(throws: CancellationError.self) { try await second.value }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            try await bench.place.untilEnded(bench.processes[0])
        }
    }
}
