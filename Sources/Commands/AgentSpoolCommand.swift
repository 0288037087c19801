package import ArgumentParser
import Daemon
import Threads

/// `agentspool`: the command line, one file per subcommand.
package struct AgentSpoolCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "agentspool",
        abstract: "Runs AI-agent workflows as batch jobs, with the filesystem as the queue.",
        discussion: """
            Drop a file into SPOOL/inbox/QUEUE/; the daemon (agentspool run) takes it, runs the queue's workflow, and \
            puts the job into SPOOL/done/ or SPOOL/failed/. The spool is --spool, else $AGENTSPOOL_SPOOL, else ./spool.

            Exit status: 0; 1 the job or check failed; 64 usage; 65 bad data; 66 no such job or spool; 69 no daemon \
            where one is needed; 75 try again later; 77 not permitted; 78 bad configuration.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Spool:",
                subcommands: [
                    InitCommand.self, RunCommand.self, CheckCommand.self, ReloadCommand.self, MCPCommand.self,
                ]
            ),
            CommandGroup(
                name: "Jobs:",
                subcommands: [
                    SubmitCommand.self, StatusCommand.self, ListCommand.self, ShowCommand.self, HistoryCommand.self,
                    FollowCommand.self, ResultCommand.self, RetryCommand.self, CancelCommand.self, HoldCommand.self,
                    ReleaseCommand.self,
                    ApproveCommand.self, DenyCommand.self, DeliverCommand.self,
                ]
            ),
            CommandGroup(name: "Care:", subcommands: [VerifyCommand.self, ReindexCommand.self, TokenCommand.self]),
        ]
    )

    package init() {}

    /// Runs the command that the process was started with, on the process's own threads, and exits when it fails.
    package static func main() async {
        ProcessThreads.runTasks()
        await main(nil)
    }
}
