package import Jobs
package import OrderedCollections

/// What the configuration says about one MCP server (INTERFACE, `mcp_servers:`).
package struct MCPServerSettings: Sendable, Equatable {
    package static let members = ["command", "environment", "timeout", "timeout_max", "start_timeout", "tools"]

    package let name: String
    /// What its process is started with.
    package let launch: Launch
    /// Of one call of a tool that has no time-out of its own.
    package let timeout: Duration
    /// Of one call of which the server reports progress, for tools that have none of their own; nil for the default.
    package let timeoutMax: Duration?
    package let tools: OrderedDictionary<String, MCPToolSettings>

    /// What a server's process depends on: servers that agree in it are one.
    package struct Launch: Sendable, Hashable {
        package let server: String
        /// The program and its arguments; at least the program.
        package let command: [String]
        /// Names of the daemon's environment variables that the server is given besides the usual ones.
        package let environment: [String]
        /// Until the process has answered, from its start or from when it last wrote something.
        package let startTimeout: Duration
    }

    /// How long a call may take of which the server reports progress, when nothing else is configured: ten times its
    /// time-out, and not less than ten minutes.
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
