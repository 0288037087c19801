import ArgumentParser
import Client
import Daemon
import Documents

struct ReloadCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the daemon read its configuration again, and say what changed.",
        discussion: """
            The daemon reads the file that it was started with, checks all of it, and takes all of it or nothing. Jobs \
            that were accepted before keep the workflow, models and tools that they were accepted with; settings of \
            queues count at once. A queue that is gone takes no more drops, and its accepted jobs go on to their end.

            The command waits for that. Exit status: 0 when the configuration is in force, also when nothing changed; \
            78 when it is refused: the reason is on standard error, and the one before stays in force; 69 when no \
            daemon is running; 75 when there is no answer in time, or the daemon is stopping.
            """
    )

    @OptionGroup var options: SpoolOptions

    @Option(help: ArgumentHelp("The node whose daemon is asked; all that run when left out.", valueName: "name"))
    var node: String?

    @Flag(help: "Print one JSON object a node.")
    var json = false

    func perform() async throws {
        let requests = ReloadRequests(try options.client())
        var failures: [ExitCode] = []
        for asked in try requests.ask(node) {
            do {
                if let code = show(try await requests.answer(to: asked)) { failures.append(code) }
            } catch let failure as ClientError {
                // The other nodes' answers are shown, too.
                Terminal.complain(failure.message)
                failures.append(ExitCode(failure.kind))
            }
        }
        if let worst = failures.max(by: { $0.rawValue < $1.rawValue }) { throw worst }
    }

    /// - Returns: The exit status of a refusal; nil for a success.
    private func show(_ answer: ReloadAnswer) -> ExitCode? {
        if json { Terminal.print(answer.json) }
        switch answer.result {
        case .failure(let refusal):
            Terminal.complain("\(answer.node) keeps the configuration that it has: \(refusal.message)")
            return ExitCode(Int32(clamping: refusal.exitStatus))
        case .success(let changes):
            if json { return nil }
            if changes.isEmpty {
                Terminal.print("\(answer.node) works with \(answer.configuration) already: nothing changed.")
                return nil
            }
            Terminal.print("\(answer.node) works with \(answer.configuration) as it is now.\n")
            var table = Table(["CHANGED", "NAME", "WHAT"])
            for line in changes.lines {
                table.add([Table.Cell(line.kind), Table.Cell(line.name, .bold), Table.Cell(line.change)])
            }
            Terminal.print(table.text)
            return nil
        }
    }
}
