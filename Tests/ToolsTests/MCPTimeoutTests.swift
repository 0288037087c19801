import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@testable import Tools

@Suite("The patience with an MCP server")
struct MCPPatienceTests {
    @Test(
        "The time for an MCP answer is counted from the last sign, up to a maximum",
        arguments: [
            (MCPTimeout.atMost(.seconds(30)), 10, nil, 25, 15), (.atMost(.seconds(30)), 10, 20, 39, 1),
            (.progress(.seconds(30), atMost: .seconds(60)), 10, 20, 25, 25),
            (.progress(.seconds(30), atMost: .seconds(60)), 10, 60, 65, 5),
            (.progress(.seconds(30), atMost: .seconds(5)), 0, nil, 10, 20),
            (.life(.seconds(15), atMost: .seconds(300)), 0, 14, 20, 9),
            (.life(.seconds(15), atMost: .seconds(300)), 0, 299, 299, 1),
        ] as [(MCPTimeout, Int, Int?, Int, Int)]
    )
    func left(patience: MCPTimeout, begin: Int, sign: Int?, now: Int, left: Int) {
        let sign = patience.sign == .nothing ? nil : sign.map { Duration.seconds($0) }
        #expect(patience.left(since: .seconds(begin), sign: sign, now: .seconds(now)) == .seconds(left))
    }

    /// A call that works at 0 s, and of which the server reports progress at 20 s.
    private func working(_ members: String = "", _ body: (MCPFixture, Task<JSON, any Error>) async throws -> Void)
        async throws
    {
        try await MCPFixture.with("legacy", members: members) { bench in
            let work = Task { try await bench.call("work") }
            try await bench.untilReceived("tools/call")
            await bench.clock.whenSleeping(for: .seconds(30))
            bench.clock.advance(by: .seconds(20))
            try await bench.expect("reported", of: "report")
            try await body(bench, work)
        }
    }

    @Test("Reported progress restarts the timeout of an MCP call")
    func progress() async throws {
        try await working { bench, work in
            bench.clock.advance(by: .seconds(29))
            try await bench.expect("finished", of: "finish")
            #expect(try await work.value == "worked")
            let calls = bench.received.filter { $0["method"] == "tools/call" }
            #expect(calls.allSatisfy { $0["params"]?["_meta"]?["progressToken"] == $0["id"] })
        }
    }

    @Test("An MCP call times out when progress stops, and the server gets a cancellation")
    func stalled() async throws {
        try await working { bench, work in
            bench.clock.advance(by: .seconds(30))
            let failure = await #expect(throws: Failure.self) { try await work.value }
            #expect(failure?.class == .unknown)
            #expect(
                failure?.message
                    == "fake.work: the MCP server fake did not answer within 30s of its last sign of progress"
            )
            try await bench.untilReceived("notifications/cancelled")
        }
    }

    @Test(
        "An MCP call times out at the maximum, whatever progress is reported",
        arguments: ["timeout_max: 45s", "tools: {work: {timeout_max: 45s}}"]
    )
    func maximum(members: String) async throws {
        try await working(members) { bench, work in
            bench.clock.advance(by: .seconds(25))
            let failure = await #expect(throws: Failure.self) { try await work.value }
            let words = "reported progress, but did not answer within 45s (\"timeout_max\")"
            #expect(failure?.message == "fake.work: the MCP server fake \(words)")
        }
    }

    @Test("An MCP server that writes to standard error gets more time to start")
    func slowStart() async throws {
        try await MCPFixture.with("legacy", "slow-start") { bench in
            async let output = bench.call("echo", ["n": 1])
            await bench.clock.whenSleeping(for: .seconds(5))
            bench.clock.advance(by: .seconds(5))
            await bench.clock.whenSleeping(for: .seconds(10))
            bench.place.write("say", "")
            try await bench.untilWritten("building packages")
            bench.clock.advance(by: .seconds(10))
            await bench.clock.whenSleeping(for: .seconds(5))
            bench.place.write("go", "")
            #expect(try await output == ["n": 1])
            #expect(bench.processes.count == 1)
        }
    }

    @Test("A slow start of an MCP server puts the waiting job off with the reason, and goes on")
    func pause() async throws {
        try await MCPFixture.with("legacy", "slow-start") { bench in
            let first = Task { try await bench.tool("echo").specification() }
            await bench.clock.whenSleeping(for: .seconds(10))
            try await bench.untilWritten("downloading packages")
            bench.clock.advance(by: .seconds(10))
            let pause = await #expect(throws: ToolNotReady.self) { try await first.value }
            #expect(pause?.duration == .seconds(10))
            #expect(
                pause?.reason
                    == "the MCP server fake is starting since 10 s (start_timeout 15s); it wrote: downloading packages"
            )
            bench.place.write("go", "")
            #expect(try await bench.tool("echo").specification().summary == "Does echo.")
            #expect(bench.processes.count == 1)
        }
    }
}

extension MCPFixture {
    /// Waits until this is the last line that the server wrote to standard error.
    func untilWritten(_ words: String) async throws {
        for _ in 0..<12_000 {
            if await servers.server(settings).connection?.lastWords == words { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("never written: \(words)")
        throw CancellationError()
    }
}
