package import Documents
import Jobs
package import OrderedCollections

/// What the configuration says about one MCP server (docs/tools.md#mcp-servers).
package struct MCPServerSettings: Sendable, Equatable {
    package static let members = ["command", "environment", "timeout", "timeout_max", "start_timeout", "tools"]

    package let name: String
    /// What its process is started with.
    package let launch: Launch
    /// The timeout of a call of a tool that has none of its own.
    package let timeout: Duration
    /// The longest time of a call with reported progress, for tools that have none of their own; nil for the default.
    package let timeoutMax: Duration?
    package let tools: OrderedDictionary<String, MCPToolSettings>

    /// What a server's process depends on: servers with equal values share one process.
    package struct Launch: Sendable, Hashable {
        package let server: String
        /// The program and its arguments; at least the program.
        package let command: [String]
        /// Names of the daemon's environment variables that the server gets besides ``CommandTool/variables``.
        package let environment: [String]
        /// The time for the process's first answer, from its start or from its last output.
        package let startTimeout: Duration
    }

    /// The default of `timeout_max`: ten times the call's timeout, and not less than ten minutes.
    static func timeoutMax(of timeout: Duration) -> Duration {
        min(max(timeout * 10, .seconds(600)), CommandToolSettings.timeoutMax)
    }

    /// Reads the server `name`.
    ///
    /// - Throws: ``DocumentError`` naming line, member and what was expected.
    package init(_ reader: MemberReader, name: String) throws(DocumentError) {
        guard name.isPlainName(with: "-", limit: 32) else {
            throw reader.error(nil, "a server's name has letters, digits and -, 32 at most")
        }
        try reader.allowOnly(Self.members)
        guard let command = try CommandToolSettings.command("command", reader) else {
            throw reader.error(nil, "\"command\" is missing: a list of the program and its arguments")
        }
        self.name = name
        launch = Launch(
            server: name,
            command: command,
            environment: try CommandToolSettings.environment(reader),
            startTimeout: try CommandToolSettings.timeout("start_timeout", reader) ?? .seconds(15)
        )
        timeout = try CommandToolSettings.timeout("timeout", reader) ?? .seconds(30)
        timeoutMax = try CommandToolSettings.timeout("timeout_max", reader)
        var tools: OrderedDictionary<String, MCPToolSettings> = [:]
        for (tool, members) in try reader.objects("tools") {
            guard MCPToolName("\(name).\(tool)") != nil else {
                throw members.error(nil, "a tool's name has letters, digits, _, - and ., 128 at most")
            }
            tools[tool] = try MCPToolSettings(members)
        }
        self.tools = tools
    }

    /// The resolved settings without the name; the same initializer reads them again.
    package var json: JSON {
        JSON(members: [
            ("command", .array(launch.command.map(JSON.string))),
            ("environment", launch.environment.isEmpty ? nil : .array(launch.environment.map(JSON.string))),
            ("timeout", .string(timeout.text)), ("timeout_max", timeoutMax.map { .string($0.text) }),
            ("start_timeout", .string(launch.startTimeout.text)),
            ("tools", tools.isEmpty ? nil : .object(tools.mapValues(\.json))),
        ])
    }
}
