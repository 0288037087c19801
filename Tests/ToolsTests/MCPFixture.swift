import Documents
import Foundation
import Jobs
import Logging
import OrderedCollections
import TestKit
import Testing

@testable import Tools

/// A fake server, the servers of a daemon that has only it, and a clock that the test turns.
struct MCPFixture: Sendable {
    let place: ToolFixture
    let clock = ManualClock()
    let log = Log()
    let servers: MCPServers
    let settings: MCPServerSettings

    /// Keeps the messages that were logged.
    struct Log: LogHandler {
        let messages = Watched<[String]>([])
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { messages.update { $0.append("\(event.message)") } }
    }

    /// Runs `body` with a server in these modes of ``MCPFakeServer``.
    static func with(
        _ modes: String...,
        members: String = "",
        _ body: (MCPFixture) async throws -> Void
    ) async throws {
        let bench = try MCPFixture(command: ["python3", "server.py"] + modes, members: members)
        bench.place.write("server.py", MCPFakeServer.source)
        try await bench.use(body)
    }

    init(command: [String], members: String = "") throws {
        // As the program does: a server may end while the test writes to it.
        signal(SIGPIPE, SIG_IGN)
        place = try ToolFixture()
        settings = try Self.settings(command, members)
        let logger = Logger(label: "test") { [log] _ in log }
        servers = MCPServers(
            directory: place.directory,
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "SECRET": "s3cret", "PASSED": "on"],
            clock: clock,
            logger: logger
        )
    }

    static func settings(_ command: [String], _ members: String = "", name: String = "fake") throws -> MCPServerSettings
    {
        let command = JSON.array(command.map(JSON.string)).text
        let yaml = "{command: \(command)\(members.isEmpty ? "" : ", " + members)}"
        return try MCPServerSettings(MemberReader(Document(Array(yaml.utf8), format: .yaml)), name: name)
    }

    func use(_ body: (MCPFixture) async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await body(self)) } catch { result = .failure(error) }
        await servers.close()
        try result.get()
    }

    func tool(_ name: String) throws -> MCPTool {
        MCPTool(try #require(MCPToolName("\(settings.name).\(name)")), of: servers.server(settings), settings)
    }

    func call(_ name: String, _ arguments: JSON = [:]) async throws -> JSON {
        try await tool(name).call(
            ToolInvocation(
                arguments: arguments,
                job: "01J",
                step: "a",
                attempt: 1,
                idempotencyKey: "01J/a",
                artifacts: "\(place.directory)/artifacts"
            )
        )
    }

    func expect(
        _ output: JSON,
        of name: String,
        _ arguments: JSON = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let actual = try await call(name, arguments)
        #expect(actual == output, sourceLocation: sourceLocation)
    }

    /// The failure of a call that must fail.
    func failure(_ name: String) async throws -> Failure {
        do {
            let output = try await call(name)
            Issue.record("the call gave \(output.text)")
            return Failure(.permanent, "none")
        } catch let failure as Failure {
            return failure
        }
    }

    /// The messages that the server has read.
    var received: [JSON] {
        (place.text("received") ?? "").split(separator: "\n").compactMap { try? JSONParser.parse(String($0)) }
    }

    var methods: [String] { received.compactMap { $0["method"]?.string } }

    /// Its processes, in the order of their starts.
    var processes: [pid_t] { (place.text("started") ?? "").split(separator: "\n").compactMap { pid_t($0) } }

    func untilReceived(_ method: String, times: Int = 1) async throws {
        try await place.until("the server has read \(method)") { methods.count { $0 == method } >= times }
    }
}
