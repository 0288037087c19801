import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("An MCP server's era")
struct MCPEraTests {
    private static let version = "io.modelcontextprotocol/protocolVersion"

    @Test("A server that answers server/discover is modern: no handshake, and every request names its version")
    func modern() async throws {
        try await MCPFixture.with { bench in
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

    @Test("A server that refuses server/discover is legacy, and is initialized before other requests")
    func legacy() async throws {
        try await MCPFixture.with("legacy") { bench in
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

    @Test("A server that does not answer server/discover is legacy, and a restart does not ask again")
    func silent() async throws {
        try await MCPFixture.with("silent") { bench in
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

    @Test("A server that is silent at first and then refuses to be initialized is modern")
    func slow() async throws {
        try await MCPFixture.with("silent", "slow-modern") { bench in
            async let output = bench.call("echo", ["n": 1])
            try await bench.untilReceived("server/discover")
            await bench.clock.whenSleeping(for: .seconds(5))
            bench.clock.advance(by: .seconds(5))
            #expect(try await output == ["n": 1])
            #expect(bench.received.last?["params"]?["_meta"]?[Self.version] == "2026-07-28")
        }
    }

    @Test("A server that refuses with a modern error is modern, in a version that the error names")
    func modernError() async throws {
        try await MCPFixture.with("strict") { bench in
            try await bench.expect(["n": 1], of: "echo", ["n": 1])
            #expect(bench.methods == ["server/discover", "tools/list", "tools/call"])
        }
    }

    @Test("A server whose process ends at server/discover is tried as legacy")
    func dies() async throws {
        try await MCPFixture.with("dies-at-discover") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: .seconds(1))
            bench.clock.advance(by: .seconds(1))
            let given = try await output
            #expect(given == ["n": 1])
            #expect(bench.methods.prefix(2) == ["server/discover", "initialize"])
        }
    }

    @Test("A server whose process ended at server/discover is modern when it then refuses to be initialized")
    func diesOnce() async throws {
        try await MCPFixture.with("dies-once", "slow-modern") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: .seconds(1))
            bench.clock.advance(by: .seconds(1))
            let given = try await output
            #expect(given == ["n": 1])
            #expect(bench.methods.prefix(3) == ["server/discover", "initialize", "server/discover"])
        }
    }

    @Test("A server without a known version is a permanent failure that names the server's versions")
    func futuristic() async throws {
        try await MCPFixture.with("futuristic") { bench in
            let failure = try await bench.failure("echo")
            #expect(failure.class == .permanent)
            let sentence = "the MCP server fake speaks no version of the protocol that is known here: 2031-01-01"
            #expect(failure.message == sentence)
        }
    }
}
