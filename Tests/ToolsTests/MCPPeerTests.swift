import Documents
import Foundation
import JSONSchema
import Jobs
import OrderedCollections
import Testing

@testable import Tools

/// Servers that others wrote: scripts/mcp-peers.sh installs them.
private enum Peers {
    static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".test-peers").path
    static let areThere = FileManager.default.fileExists(atPath: "\(directory)/ready")

    static let legacyServer = """
        from mcp.server.fastmcp import FastMCP

        server = FastMCP("legacy")

        @server.tool()
        def add(a: int, b: int) -> int:
            \"""Adds two numbers.\"""
            return a + b

        server.run("stdio")
        """
}

@Suite("Real MCP servers", .enabled(if: Peers.areThere, "there are none: run scripts/mcp-peers.sh"))
struct MCPPeerTests {
    @Test("A real modern server lists its tools and tells the time")
    func time() async throws {
        let bench = try MCPFixture(command: ["\(Peers.directory)/modern/bin/mcp-server-time"])
        try await bench.use { bench in
            let specification = try await bench.tool("get_current_time").specification()
            #expect(specification.summary == "Get current time in a specific timezone")
            #expect(specification.effect == .read)
            #expect(!specification.parameters.errors(in: [:]).isEmpty)
            let time = try await bench.call("get_current_time", ["timezone": "UTC"])
            #expect(time["timezone"] == "UTC" && time["is_dst"] == false)
            #expect(await bench.servers.server(bench.settings).era == .newestModern)
        }
    }

    @Test("A failed call of a real modern server is a permanent failure with words for the model")
    func failure() async throws {
        let bench = try MCPFixture(command: ["\(Peers.directory)/modern/bin/mcp-server-time"])
        try await bench.use { bench in
            let failure = try await #require(throws: Failure.self) {
                try await bench.call("get_current_time", ["timezone": "Nowhere"])
            }
            #expect(failure.class == .permanent)
            #expect(failure.message.hasPrefix("fake.get_current_time failed: "))
            #expect(failure.message.contains("Nowhere"))
        }
    }

    @Test("A real modern server shows a Git repository")
    func git() async throws {
        let bench = try MCPFixture(command: ["\(Peers.directory)/modern/bin/mcp-server-git"])
        try await bench.use { bench in
            let git = Process()
            git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            git.arguments = ["git", "init", "--quiet", bench.place.directory]
            try git.run()
            git.waitUntilExit()
            let status = try await bench.call("git_status", ["repo_path": .string(bench.place.directory)])
            #expect(status.text.contains("No commits yet"))
            #expect(try await bench.tool("git_commit").specification().effect == .write)
        }
    }

    @Test("A real legacy server is initialized, and adds numbers")
    func legacy() async throws {
        let bench = try MCPFixture(command: ["\(Peers.directory)/legacy/bin/python3", "server.py"])
        bench.place.write("server.py", Peers.legacyServer)
        try await bench.use { bench in
            #expect(try await bench.tool("add").specification().summary == "Adds two numbers.")
            let sum = try await bench.call("add", ["a": 2, "b": 3])
            #expect(sum == ["result": 5])
            #expect(await bench.servers.server(bench.settings).era == .newestLegacy)
            let failure = try await bench.failure("add")
            #expect(failure.class == .permanent && failure.message.hasPrefix("fake.add failed: "))
        }
    }
}
