import ArgumentParser
import Client
import Documents
import Spool

struct VerifyCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check history chains, drops, results and places, and the index against the files.",
        discussion: "Exits with 1 when something is wrong. Changes nothing without --repair."
    )

    @OptionGroup var options: SpoolOptions

    @Argument(help: "An id, a unique part of one, or the dropped file's name; all jobs when left out.")
    var job: String?

    @Flag(help: "Make results and index rows again where they are missing or differ.")
    var repair = false

    @Flag(help: "Print one JSON object a problem.")
    var json = false

    func perform() async throws {
        let verification = SpoolVerification(try options.client())
        let findings = try await verification.check(job)
        var problems = findings.problems
        if repair, !problems.isEmpty {
            problems = try await verification.repair(problems, onUnreadable: ReindexCommand.remark)
        }
        for problem in problems {
            if json { Terminal.print(problem.json) } else { Terminal.print(Terminal.harmless(problem.text)) }
        }
        if !json {
            let finding = problems.isEmpty ? "nothing wrong" : "\(problems.count) problems"
            Terminal.remark("\(findings.jobs) \(findings.jobs == 1 ? "job" : "jobs") checked: \(finding)")
        }
        if !problems.isEmpty { throw ExitCode.failure }
    }
}
