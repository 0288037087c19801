import ArgumentParser
import Daemon
import Documents
import Jobs
import Spool

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

    /// How long to wait for an answer: longer than the daemon waits for a writer of the file and then reads many
    /// histories.
    private static let patience: Duration = .seconds(60)

    func perform() async throws {
        let spool = try options.open()
        let identifiers = JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) })
        let living = try NodeLock.nodes(of: spool).filter(\.isAlive).map(\.node)
        let asked = node.map { [$0] } ?? living
        guard !asked.isEmpty, asked.allSatisfy(living.contains) else {
            throw CommandLineError(
                "no daemon is running on \(spool.path)\(node.map { " as node \($0)" } ?? ""); one that starts reads the "
                    + "configuration as it is then",
                .unavailable
            )
        }
        var requests: [(node: String, file: String)] = []
        for node in asked {
            requests.append((node, try ReloadRequest(node: node).submit(to: spool, id: identifiers.next())))
        }
        var failures: [ExitCode] = []
        for (node, file) in requests {
            do {
                if let code = show(try await answer(to: file, of: node, in: spool)) { failures.append(code) }
            } catch let failure as CommandLineError {
                // The other nodes' answers are shown, too.
                Terminal.complain(failure.message)
                failures.append(failure.code)
            }
        }
        if let worst = failures.max(by: { $0.rawValue < $1.rawValue }) { throw worst }
    }

    private func answer(to file: String, of node: String, in spool: SpoolRoot) async throws -> ReloadAnswer {
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            // Checked before the answer is read: the daemon writes the answer before it removes the request.
            let isSettled = try !spool.fileSystem.exists(file, in: spool.directory(SpoolLayout.control))
            if let json = try ReloadAnswers.answer(to: file, of: node, in: spool), let answer = ReloadAnswer(json) {
                return answer
            }
            if isSettled {
                throw CommandLineError("the daemon of node \(node) gave no answer; see its log", .temporary)
            }
            guard try NodeLock.nodes(of: spool).contains(where: { $0.node == node && $0.isAlive }) else {
                _ = try? ControlRequest.remove(file, in: spool)
                throw CommandLineError(
                    "the daemon of node \(node) ended before it answered; its next start reads the configuration",
                    .unavailable
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw CommandLineError("the daemon of node \(node) has not answered yet; see its log", .temporary)
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
