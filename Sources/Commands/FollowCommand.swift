import ArgumentParser
import Client
import Documents
import Jobs

struct FollowCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Show what is recorded of a job while it happens, until it has ended.",
        discussion: """
            Exits with 0 when the job completed, and with 1 when it failed or was cancelled. A daemon that is restarted \
            meanwhile is waited for; when it does not come back in a minute, the exit status is 75.
            """
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name.")
    var job: String

    @Flag(help: "Print the records as they stand in the file, one JSON object a line.")
    var json = false

    func perform() async throws {
        let replay = try await JobFollowing(options.client()).follow(job) { entry in
            json ? Terminal.print(output: entry.line) : print(entry.record)
        }
        if replay.outcome != .completed { throw ExitCode.failure }
    }

    /// Prints the columns that `history` prints, each as wide as it mostly is: the lines to come are not known.
    private func print(_ record: HistoryRecord) {
        let (step, detail) = record.event.shown
        let cells = [
            ("\(record.seq)", 4), ("\(record.epoch)", 2), (record.at.text, 24), (record.event.type, 14),
            (step ?? "-", 12), (detail ?? "", 0),
        ]
        let line = cells.map { text, width in
            text + String(repeating: " ", count: max(0, width - text.count))
        }.joined(separator: " ")
        Terminal.print(Terminal.harmless(line))
    }
}
