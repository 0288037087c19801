import Documents
import JSONSchema
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("A tool of an MCP server")
struct MCPToolTests {
    @Test("The server describes an MCP tool; its effect comes from the configuration, else from the server's hints")
    func specification() async throws {
        try await MCPFixture.with(members: "tools: {hang: {effect: idempotent}, read: {effect: write}}") { bench in
            let echo = try await bench.tool("echo").specification()
            #expect(echo.summary == "Does echo." && echo.parameters.source == ["type": "object"])
            #expect(echo.effect == .write)
            #expect(try await bench.tool("idempotent").specification().effect == .idempotent)
            #expect(try await bench.tool("hang").specification().effect == .idempotent)
            #expect(try await bench.tool("read").specification().effect == .write)
        }
    }

    @Test("An MCP tool with an unsupported schema accepts any object, and that is logged once")
    func strangeSchema() async throws {
        try await MCPFixture.with { bench in
            let parameters = try await bench.tool("strange").specification().parameters
            #expect(parameters.source == ["type": "object", "if": true])
            #expect(parameters.errors(in: ["n": 1]).isEmpty && !parameters.errors(in: 1).isEmpty)
            _ = try await bench.call("change")
            _ = try await bench.tool("strange").specification()
            let sentence =
                "arguments of fake.strange are checked by the server only: "
                + "its schema is not supported here: #/if: the keyword \"if\" is not supported here"
            #expect(bench.log.messages.value == [sentence])
        }
    }

    @Test("An MCP tool gives structured content, else text, else descriptions of blocks that are not text")
    func output() async throws {
        try await MCPFixture.with { bench in
            try await bench.expect(["n": 1], of: "structured")
            try await bench.expect("read", of: "read")
            let mixed: JSON = [
                "see",
                [
                    "type": "image", "mimeType": "image/png", "left_out": "image/png, 5 bytes",
                    "file": "artifacts/a.png",
                ],
                [
                    "type": "resource",
                    "resource": ["uri": "file:///x", "left_out": "data, 3 bytes", "file": "artifacts/a.bin"],
                ],
                ["type": "resource_link", "uri": "file:///y", "name": "y"],
            ]
            try await bench.expect(mixed, of: "mixed")
        }
    }

    @Test("The size of left-out data is never negative")
    func padding() throws {
        let result = MCPToolResult(json: ["content": [["type": "image", "data": "=="]]])
        let failure = MCPFailure(tool: "t", server: "s", effect: .read)
        #expect(try result.output(failure) == [["type": "image", "left_out": "data, 0 bytes"]])
    }

    @Test(
        "An MCP tool fails with the server's words",
        arguments: [
            ("fail", FailureClass.permanent, "fake.fail failed: no such order"),
            ("refuse", .permanent, "fake.refuse: the MCP server fake refuses: Unknown tool (-32602)"),
            ("break", .temporary, "fake.break: the MCP server fake refuses: Oops (-32603)"),
            (
                "input", .permanent,
                "fake.input: the MCP server fake asks for input, and no person is there to give it"
            ),
            (
                "odd", .unknown,
                "fake.odd: the MCP server fake gave an answer that cannot be used: "
                    + "its result is of a type that is not known here"
            ),
        ]
    )
    func failures(tool: String, class: FailureClass, message: String) async throws {
        try await MCPFixture.with { bench in
            let failure = try await bench.failure(tool)
            #expect(failure.class == `class` && failure.message == message)
        }
    }

    @Test(
        "A call whose MCP server dies has an unknown outcome when it may have written",
        arguments: [(Effect.write, FailureClass.unknown), (.idempotent, .temporary), (.read, .temporary)]
    )
    func death(effect: Effect, class: FailureClass) async throws {
        try await MCPFixture.with(members: "tools: {die: {effect: \(effect.rawValue)}}") { bench in
            let failure = try await bench.failure("die")
            #expect(failure.class == `class`)
            let reason = "it exited with 1: out of [31m paper"
            #expect(failure.message == "fake.die: the MCP server fake ended before it answered: \(reason)")
        }
    }

    @Test("A call that never reached its MCP server fails temporarily, whatever its effect")
    func deaf() async throws {
        try await MCPFixture.with { bench in
            _ = try await bench.call("deaf")
            async let failed = bench.failure("die")
            await bench.clock.whenSleeping(for: MCPConnection.grace)
            bench.clock.advance(by: MCPConnection.grace)
            let failure = try await failed
            #expect(failure.class == .temporary)
            let reason = "it was killed by signal 15"
            #expect(failure.message == "fake.die: the MCP server fake ended before it was asked: \(reason)")
        }
    }

    @Test("All running calls fail when their MCP server dies")
    func deathOfAll() async throws {
        try await MCPFixture.with { bench in
            async let other = bench.failure("hang")
            try await bench.untilReceived("tools/call")
            #expect(try await bench.failure("die").class == .unknown)
            #expect(try await other.class == .unknown)
        }
    }

    @Test(
        "An MCP call that times out is cancelled, and the server stays up",
        arguments: [(Effect.write, FailureClass.unknown), (.idempotent, .temporary), (.read, .temporary)],
        ["modern", "legacy"]
    )
    func timeOut(_ expected: (effect: Effect, class: FailureClass), mode: String) async throws {
        let members = "tools: {hang: {effect: \(expected.effect.rawValue), timeout: 2m}}"
        try await MCPFixture.with(mode, members: members) { bench in
            async let failed = bench.failure("hang")
            try await bench.untilReceived("tools/call")
            await bench.clock.whenSleeping(for: .seconds(120))
            bench.clock.advance(by: .seconds(120))
            let failure = try await failed
            #expect(failure.class == expected.class)
            #expect(failure.message == "fake.hang: the MCP server fake did not answer within 2m")
            try await bench.untilReceived(
                mode == "modern" ? "server/discover" : "ping",
                times: mode == "modern" ? 2 : 1
            )
            let call = bench.received.first { $0["method"] == "tools/call" }
            let cancelled = bench.received.first { $0["method"] == "notifications/cancelled" }
            #expect(cancelled?["params"]?["requestId"] == call?["id"])
            try await bench.expect(["n": 1], of: "echo", ["n": 1])
            #expect(bench.processes.count == 1)
        }
    }

    @Test("An MCP server that is stuck in a cancelled call is ended and started again")
    func stuck() async throws {
        try await MCPFixture.with { bench in
            async let failed = bench.failure("stuck")
            try await bench.untilReceived("tools/call")
            await bench.clock.whenSleeping(for: .seconds(30))
            bench.clock.advance(by: .seconds(30))
            #expect(try await failed.class == .unknown)
            #expect(ToolFixture.isRunning(bench.processes[0]))
            await bench.clock.whenSleeping(for: MCPConnection.grace)
            bench.clock.advance(by: MCPConnection.grace)
            try await bench.place.untilEnded(bench.processes[0])
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: MCPServer.backoff)
            bench.clock.advance(by: MCPServer.backoff)
            #expect(try await output == ["n": 1])
        }
    }

    @Test("An MCP call is cancelled when its job is")
    func cancellation() async throws {
        try await MCPFixture.with { bench in
            let task = Task { try await bench.call("hang") }
            try await bench.untilReceived("tools/call")
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await bench.untilReceived("notifications/cancelled")
        }
    }
}
