import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("An MCP server's era")
struct MCPEraTests {
    private static let version = "io.modelcontextprotocol/protocolVersion"

    @Test("is modern when it answers server/discover: no handshake, and every request explains itself")
    func modern() async throws {
        try await MCPBench.with { bench in
            try await bench.expect(["n": 1], of: "echo", ["n": 1])
            #expect(bench.methods == ["server/discover", "tools/list", "tools/call"])
            for message in bench.received {
                let meta = message["params"]?["_meta"]
                #expect(meta?[Self.version] == "2026-07-28")
                #expect(meta?["io.modelcontextprotocol/clientCapabilities"] == [:])
            }
            #expect(bench.received.last?["params"]?["_meta"]?["agentspool/idempotency-key"] == "01J/a")
        }
    }

    @Test("is legacy when it refuses server/discover: it is greeted first, in the version that it names")
    func legacy() async throws {
        try await MCPBench.with("legacy") { bench in
            try await bench.expect(["n": 1], of: "echo", ["n": 1])
            let methods = ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"]
            #expect(bench.methods == methods)
            #expect(bench.received[1]["params"]?["protocolVersion"] == "2025-11-25")
            let call = bench.received.last
            #expect(
                call?["params"]?["_meta"] == ["agentspool/idempotency-key": "01J/a", "progressToken": call?["id"] ?? 0]
            )
        }
    }

    @Test("is legacy when it says nothing to server/discover, which is not asked again when it is started again")
    func silent() async throws {
        try await MCPBench.with("silent") { bench in
            async let output = bench.call("echo", ["n": 1])
            try await bench.untilReceived("server/discover")
            await bench.clock.whenSleeping(for: .seconds(5))
            bench.clock.advance(by: .seconds(5))
            #expect(try await output == ["n": 1])
            #expect(try await bench.failure("die").class == .unknown)
            bench.clock.advance(by: .seconds(1))
            try await bench.expect([:], of: "echo")
            #expect(bench.methods.count { $0 == "server/discover" } == 1)
            #expect(bench.methods.count { $0 == "initialize" } == 2)
        }
    }

    @Test("is modern when it says nothing at first and then refuses to be initialized")
    func slow() async throws {
        try await MCPBench.with("silent", "slow-modern") { bench in
            async let output = bench.call("echo", ["n": 1])
            try await bench.untilReceived("server/discover")
            await bench.clock.whenSleeping(for: .seconds(5))
            bench.clock.advance(by: .seconds(5))
            #expect(try await output == ["n": 1])
            #expect(bench.received.last?["params"]?["_meta"]?[Self.version] == "2026-07-28")
        }
    }

    @Test("is modern when it refuses with a modern error, whose versions are taken")
    func modernError() async throws {
        try await MCPBench.with("strict") { bench in
            try await bench.expect(["n": 1], of: "echo", ["n": 1])
            #expect(bench.methods == ["server/discover", "tools/list", "tools/call"])
        }
    }

    @Test("is tried as legacy when server/discover ends it")
    func dies() async throws {
        try await MCPBench.with("dies-at-discover") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: .seconds(1))
            bench.clock.advance(by: .seconds(1))
            let given = try await output
            #expect(given == ["n": 1])
            #expect(bench.methods.prefix(2) == ["server/discover", "initialize"])
        }
    }

    @Test("is modern all the same when the server that server/discover ended refuses to be initialized")
    func diesOnce() async throws {
        try await MCPBench.with("dies-once", "slow-modern") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: .seconds(1))
            bench.clock.advance(by: .seconds(1))
            let given = try await output
            #expect(given == ["n": 1])
            #expect(bench.methods.prefix(3) == ["server/discover", "initialize", "server/discover"])
        }
    }

    @Test("that is not known here fails for good, and says which are")
    func futuristic() async throws {
        try await MCPBench.with("futuristic") { bench in
            let failure = try await bench.failure("echo")
            #expect(failure.class == .permanent)
            let sentence = "the MCP server fake speaks no version of the protocol that is known here: 2031-01-01"
            #expect(failure.message == sentence)
        }
    }
}
