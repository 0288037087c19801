package import Logging
import Synchronization

/// All MCP servers of a daemon, for as long as it lives.
///
/// The process must ignore SIGPIPE: a server may end while it is written to.
package final class MCPServers: Sendable {
    /// Where and with what servers run.
    struct Place: Sendable {
        var directory: String
        var environment: [String: String]
        var clock: any Clock<Duration>
        var logger: Logger
    }

    private let place: Place
    private let servers = Mutex<[MCPServerSettings.Launch: MCPServer]>([:])

    /// - Parameters:
    ///   - directory: Absolute path of the directory that servers run in: the configuration's.
    ///   - environment: The daemon's own; a server is given what the configuration passes on.
    package init(
        directory: String,
        environment: [String: String],
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        place = Place(directory: directory, environment: environment, clock: clock, logger: logger)
    }

    /// The server with these settings; the same for all who start it in the same way. Nothing is started yet.
    package func server(_ settings: MCPServerSettings) -> MCPServer {
        servers.withLock { servers in
            if let known = servers[settings.launch] { return known }
            let server = MCPServer(settings.launch, in: place)
            servers[settings.launch] = server
            return server
        }
    }

    /// Ends all processes, and returns when they have ended.
    package func close() async {
        await withTaskGroup { tasks in
            for server in servers.withLock({ Array($0.values) }) { tasks.addTask { await server.close() } }
        }
    }
}
