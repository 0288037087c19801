import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("A conversation with an MCP server")
struct MCPConversationTests {
    @Test("Answers of an MCP server go to their requests by id, in any order")
    func order() async throws {
        try await MCPFixture.with { bench in
            _ = try await bench.call("echo")
            async let first = bench.call("swap")
            try await bench.untilReceived("tools/call", times: 2)
            async let second = bench.call("swap")
            let ids = try await [first, second].map { $0.string?.split(separator: " ").last.flatMap { Int($0) } }
            #expect(ids[0] ?? 0 < ids[1] ?? 0)
        }
    }

    @Test("A ping from the MCP server gets an empty result, its other requests get an error")
    func requests() async throws {
        try await MCPFixture.with("legacy") { bench in
            let answers = try await bench.call("ask")
            let expected: JSON = [
                ["jsonrpc": "2.0", "id": "p", "result": [:]],
                ["jsonrpc": "2.0", "id": 7, "error": ["code": -32601, "message": "Method not found"]],
            ]
            #expect(answers == expected)
        }
    }

    @Test("Output of an MCP server that is not a message is skipped, and logged once")
    func garbage() async throws {
        try await MCPFixture.with { bench in
            try await bench.expect("after it", of: "garbage")
            try await bench.expect("after it", of: "garbage")
            let sentence = "the MCP server fake writes lines that are no messages; they are passed over"
            #expect(bench.log.messages.value.filter { $0 == sentence }.count == 1)
            #expect(bench.processes.count == 1)
        }
    }

    @Test("An MCP answer that is too long fails only its own call, permanently", arguments: ["read", "write"])
    func hugeLine(effect: String) async throws {
        try await MCPFixture.with(members: "tools: {huge: {effect: \(effect)}}") { bench in
            async let other = bench.call("swap")
            try await bench.untilReceived("tools/call")
            let failure = try await bench.failure("huge")
            #expect(failure.class == .permanent)
            #expect(failure.message.hasPrefix("fake.huge: the answer of the MCP server fake has 17825"))
            #expect(failure.message.hasSuffix(" bytes; the limit is 16777216"))
            _ = try await bench.call("swap")
            #expect(try await other.string?.hasPrefix("for ") == true)
            #expect(bench.processes.count == 1)
        }
    }

    @Test("A list of tools in pages is read to its last page")
    func pages() async throws {
        try await MCPFixture.with("pages") { bench in
            for tool in ["first", "second", "echo"] { _ = try await bench.call(tool) }
            #expect(bench.methods.count { $0 == "tools/list" } == 3)
        }
    }

    @Test("The list of tools is requested again when the server died during the request")
    func deathAtList() async throws {
        try await MCPFixture.with("dies-at-list") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: MCPServer.backoff)
            bench.clock.advance(by: MCPServer.backoff)
            let given = try await output
            #expect(given == ["n": 1])
        }
    }

    @Test("A list of tools with a repeated cursor ends there, and the repetition is logged")
    func endless() async throws {
        try await MCPFixture.with("endless") { bench in
            try await bench.expect("first", of: "first")
            #expect(bench.methods.count { $0 == "tools/list" } == 2)
            let sentence =
                "the MCP server fake names the same page of its list of tools again; what it has listed is taken"
            #expect(bench.log.messages.value == [sentence])
        }
    }

    @Test("The list of tools is requested again only after the server reports a change")
    func listChange() async throws {
        try await MCPFixture.with { bench in
            let failure = try await bench.failure("changed-0")
            #expect(failure.message == "the MCP server fake has no tool \"changed-0\"")
            #expect(failure.hint?.hasPrefix("it has ask, break, change, deaf, die") == true)
            _ = try await bench.call("change")
            try await bench.expect("changed-0", of: "changed-0")
            _ = try await bench.call("echo")
            #expect(bench.methods.count { $0 == "tools/list" } == 2)
        }
    }

    @Test("An MCP server gets the configured environment variables, and no descriptors but its streams")
    func environment() async throws {
        try await MCPFixture.with(members: "environment: [PASSED]") { bench in
            let seen = try await bench.call("env")
            #expect(seen["env"]?["PASSED"] == "on" && seen["env"]?["SECRET"] == nil)
            // 3 is the directory that the server itself looks into.
            #expect(seen["fds"] == ["0", "1", "2", "3"])
        }
    }

    @Test("Concurrent callers share one process of an MCP server, and equal settings share one server")
    func shared() async throws {
        try await MCPFixture.with { bench in
            try await withThrowingTaskGroup { tasks in
                for number in Int64(0)..<10 {
                    tasks.addTask { try await bench.expect(["n": .int(number)], of: "echo", ["n": .int(number)]) }
                }
                try await tasks.waitForAll()
            }
            #expect(bench.processes.count == 1)
            let command = ["python3", "server.py"]
            let same = try MCPFixture.settings(command, "timeout: 7s, tools: {echo: {effect: read}}", name: "fake")
            #expect(bench.servers.server(same) === bench.servers.server(bench.settings))
            let other = try MCPFixture.settings(command, "environment: [PASSED]", name: "fake")
            #expect(bench.servers.server(other) !== bench.servers.server(bench.settings))
        }
    }
}
