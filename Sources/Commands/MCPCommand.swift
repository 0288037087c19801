import ArgumentParser
import Client
import Daemon
import Documents
import Glibc

struct MCPCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "mcp",
        abstract: "Give a client of MCP the spool's workflows as tools.",
        discussion: """
            Speaks the Model Context Protocol on standard input and output, as the user who started it, and ends when \
            standard input does. The daemon answers; without one, requests get an error until one runs.
            """
    )

    @OptionGroup var options: SpoolOptions

    @Option(help: ArgumentHelp("The daemon's socket, if not the one of the configuration.", valueName: "path"))
    var socket: String?

    func perform() async throws {
        // A client that is gone must not end the process before its other requests are answered.
        signal(SIGPIPE, SIG_IGN)
        try await MCPBridge(socket: socketPath()).run()
    }

    private func socketPath() throws -> String {
        if let socket { return SpoolOptions.absolute(socket) }
        // A user who may use the spool need not be able to read its configuration.
        let configured = (try? ConfigurationFile.document(at: options.configurationPath))?.value["api"]?["socket"]
        if configured == false || configured?.isNull == true {
            throw ClientError(
                "the configuration says api.socket: false, so there is no socket to reach the daemon by",
                .configuration
            )
        }
        let path = configured?.string ?? APISettings.standardSocket
        return path.hasPrefix("/") ? path : "\(options.path)/\(path)"
    }
}
