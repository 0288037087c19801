import Documents
package import Logging
import Synchronization

/// All MCP servers of a daemon, for as long as it lives.
///
/// The process must ignore SIGPIPE: a server may end while the daemon writes to it.
package final class MCPServers: Sendable {
    /// Where and with what servers run.
    struct Place: Sendable {
        var directory: String
        var environment: [String: String]
        var clock: any Clock<Duration>
        var logger: Logger
    }

    private struct State {
        var servers: [MCPServerSettings.Launch: MCPServer] = [:]
        /// Those of the configuration in force; nil until ``keep(_:)`` is called.
        var kept: Set<MCPServerSettings.Launch>?
    }

    private let place: Place
    private let state = Mutex(State())

    /// - Parameters:
    ///   - directory: Absolute path of the directory that servers run in: the configuration's.
    ///   - environment: The daemon's own; a server gets what the configuration passes on.
    package init(
        directory: String,
        environment: [String: String],
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        place = Place(directory: directory, environment: environment, clock: clock, logger: logger)
    }

    /// The server with these settings, the same one for equal ``MCPServerSettings/Launch``; it is not started yet.
    package func server(_ settings: MCPServerSettings) -> MCPServer {
        state.withLock { state in
            if let known = state.servers[settings.launch] { return known }
            let isRetired = state.kept.map { !$0.contains(settings.launch) } ?? false
            let server = MCPServer(settings.launch, in: place, isRetired: isRetired)
            state.servers[settings.launch] = server
            return server
        }
    }

    /// Sets which servers the configuration in force has.
    ///
    /// Each other server ends its process as soon as none of its calls runs, and is started again only for single calls
    /// of jobs that were accepted with it. A server that replaces another one of its name is not started while calls of
    /// that one run.
    package func keep(_ settings: [MCPServerSettings]) async {
        let kept = Set(settings.map(\.launch))
        let (retired, renewed) = state.withLock { state in
            let before = state.kept ?? Set(state.servers.keys)
            state.kept = kept
            for launch in kept where state.servers[launch] == nil {
                state.servers[launch] = MCPServer(launch, in: place)
            }
            return (
                state.servers.filter { !kept.contains($0.key) }.map(\.value),
                state.servers.filter { kept.contains($0.key) && !before.contains($0.key) }.map(\.value)
            )
        }
        for server in retired { await server.retire() }
        for server in renewed {
            await server.come(after: retired.filter { $0.launch.server == server.launch.server })
        }
    }

    /// Ends all processes, and returns when they have ended.
    package func close() async {
        await withTaskGroup { tasks in
            for server in state.withLock({ Array($0.servers.values) }) { tasks.addTask { await server.close() } }
        }
    }
}
