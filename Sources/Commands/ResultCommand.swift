import ArgumentParser
import Client
import Documents
import Jobs

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
        let found = try await JobFinder(options.client()).read(job)
        if reasoning { return show(JobReasoning(found.history.records)) }
        try Self.print(JobResult(found.replay), json: json)
    }

    private func show(_ reasoning: JobReasoning) {
        if json { return Terminal.print(reasoning.json) }
        if reasoning.steps.isEmpty { return Terminal.remark("The models of this job did not say what they thought.") }
        for (path, text) in reasoning.steps { Terminal.print(output: "\(path):\n\(text)\n") }
    }

    /// Prints how a job ended; throws the exit status unless the job completed.
    static func print(_ result: JobResult, json: Bool) throws {
        if json { Terminal.print(result.json) }
        let outcome = try result.outcome()
        if outcome == .completed {
            if !json { print(completed: result) }
        } else {
            if !json { Terminal.remark(result.errorText ?? outcome.rawValue) }
            throw ExitCode.failure
        }
    }

    private static func print(completed result: JobResult) {
        Terminal.print(output: result.outputText)
        if result.isTruncated { Terminal.remark(JobSummary.truncation) }
        if let failed = result.failedLines {
            Terminal.remark(
                "\(failed.text): \(JobResult.lineErrorsFile) in the job's directory says why; "
                    + "agentspool retry \(result.job) runs them again"
            )
        }
    }
}
