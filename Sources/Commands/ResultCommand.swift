import ArgumentParser
import Documents
import Jobs
import Spool
import Workflow

struct ResultCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "result",
        abstract: "Print a job's output; with --json its whole result.",
        discussion: "Exits with 1 when the job failed, and with 75 while it has not ended."
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name.")
    var job: String

    @Flag(help: "Print result.json on one line.")
    var json = false

    @Flag(help: "Print what the models thought instead, step by step.")
    var reasoning = false

    func perform() async throws {
        let spool = try options.open()
        let (_, history, replay) = try await JobFinder(spool: spool, options).read(job)
        if reasoning { return show(JobReasoning(history.records)) }
        try Self.print(replay, json: json)
    }

    private func show(_ reasoning: JobReasoning) {
        if json { return Terminal.print(reasoning.json) }
        if reasoning.steps.isEmpty { return Terminal.remark("The models of this job did not say what they thought.") }
        for (path, text) in reasoning.steps { Terminal.print(output: "\(path):\n\(text)\n") }
    }

    /// Prints how a job ended; throws the exit status unless the job completed.
    static func print(_ replay: JobReplay, json: Bool) throws {
        let result = ResultDocument(replay)
        guard let outcome = replay.outcome else {
            if json { Terminal.print(result.json) }
            throw CommandLineError("the job is \(replay.life.state.name) and has no result yet", .temporary)
        }
        if json {
            Terminal.print(result.json)
        } else if outcome == .completed {
            Terminal.print(output: replay.output?.string ?? (replay.output ?? .null).indentedText)
            if replay.isTruncated { Terminal.remark(JobSummary.truncation) }
            if let failed = replay.failedLines {
                Terminal.remark(
                    "\(failed.text): \(BatchResults.errorFile) in the job's directory says why; "
                        + "agentspool retry \(replay.name.id) runs them again"
                )
            }
        } else {
            Terminal.remark(result.errorText ?? outcome.rawValue)
        }
        if outcome != .completed { throw ExitCode.failure }
    }
}
