import ArgumentParser
import CLinux
import Daemon
import Documents
import Glibc
import HTTPAPI
import Jobs
import Logging
import Spool
import Telemetry

struct RunCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the daemon.",
        discussion: """
            Takes drops from the inboxes and runs their workflows until SIGTERM or SIGINT. Log lines go to standard \
            error, or to the journal when standard error leads there.

            SIGHUP has the configuration read again, as agentspool reload has; it ends a daemon only when the terminal \
            that it was started in has closed.
            """
    )

    @OptionGroup var options: SpoolOptions

    @Option(help: ArgumentHelp("This node's name; the machine's when left out.", valueName: "name"))
    var node: String?

    @Flag(help: "End when the inboxes are empty, nothing runs and nothing deferred is due.")
    var drain = false

    @Option(help: ArgumentHelp("How much is logged.", valueName: "level"))
    var logLevel = LogLevel.info

    func validate() throws {
        if let node, !SpoolLayout.isValidName(node) {
            throw ValidationError("A node's name has letters, digits, ., - and _, 64 at most.")
        }
    }

    func perform() async throws {
        // Before all else, so that a SIGHUP during the start does not end the process.
        let hangup = HangupSignal()
        // SIGPIPE must not end the daemon when a tool ends before it has read its input.
        signal(SIGPIPE, SIG_IGN)
        // Nor may SIGIO, which the kernel sends when a writer opens a drop on which the daemon holds a lease.
        signal(SIGIO, SIG_IGN)
        clinux_keep_freed_memory()
        let pipeline = LogPipeline.bootstrap(
            environment: SpoolOptions.environment,
            level: logLevel.level,
            clock: .system
        )
        let daemon = SpoolDaemon(
            SpoolDaemon.Options(
                spool: options.path,
                configuration: options.configurationPath,
                node: node ?? NodeLock.hostName,
                drains: drain
            ),
            environment: SpoolOptions.environment,
            platform: .linux,
            hangups: hangup.hangups,
            faces: [APIFace(passed: PassedSockets.descriptors(SpoolOptions.environment))],
            logger: pipeline.logger(label: "agentspool")
        )
        let result: Result<Void, any Error>
        do { result = .success(try await daemon.run()) } catch { result = .failure(error) }
        _ = await pipeline.flush(within: .seconds(2))
        try result.get()
    }
}
