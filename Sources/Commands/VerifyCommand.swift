import ArgumentParser
import Documents
import Engine
import JobIndex
import Jobs
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
        let spool = try options.open()
        let audit = SpoolAudit(spool: spool)
        var problems: [SpoolProblem]
        var count = 1
        if let job {
            let location = try await JobFinder(spool: spool, options).find(job)
            problems = try audit.problems(of: location)
        } else {
            (problems, count) = try audit.allProblems()
            problems += try await indexProblems(spool)
        }
        if repair, !problems.isEmpty {
            for problem in problems where problem.isResult { try audit.repairResult(of: problem) }
            if problems.contains(where: \.isIndex) { _ = try await ReindexCommand.rebuild(options) }
            problems = try audit.allProblems().problems + (try await indexProblems(spool))
        }
        for problem in problems {
            if json { Terminal.print(problem.json) } else { Terminal.print(Terminal.harmless(problem.text)) }
        }
        if !json {
            let finding = problems.isEmpty ? "nothing wrong" : "\(problems.count) problems"
            Terminal.remark("\(count) \(count == 1 ? "job" : "jobs") checked: \(finding)")
        }
        if !problems.isEmpty { throw ExitCode.failure }
    }

    /// Rows that do not say what the files say.
    ///
    /// Jobs that a daemon may work on are left out: they change while they are compared.
    private func indexProblems(_ spool: SpoolRoot) async throws -> [SpoolProblem] {
        let index: IndexDatabase
        do {
            index = try options.openIndex()
        } catch {
            return [SpoolProblem(.index, job: nil, "\(error)")]
        }
        defer { index.close() }
        var rows: [String: IndexedJob] = [:]
        for try await batch in index.allJobs { for row in batch { rows[row.job] = row } }
        var problems: [SpoolProblem] = []
        for note in try spool.rejectionNotes() where rows.removeValue(forKey: note.job.id.text) == nil {
            problems.append(SpoolProblem(.index, job: note.job, "the index has no row for this rejected drop"))
        }
        for directory in try spool.jobDirectories() {
            let isSettled = !directory.hasPrefix(SpoolLayout.processing) && directory != SpoolLayout.deferred
            for location in try spool.jobs(in: directory) {
                let row = rows.removeValue(forKey: location.job.id.text)
                // A history that cannot be read was reported before.
                guard isSettled, let (replay, _) = try? spool.replay(of: location), let expected = JobSummary(replay)
                else { continue }
                if row?.seq != expected.seq || row?.state != expected.state {
                    let found = row.map { "says \($0.state.rawValue) at record \($0.seq)" } ?? "has no row"
                    let text = "the index \(found); the history says \(expected.state.rawValue) at \(expected.seq)"
                    problems.append(SpoolProblem(.index, job: location.job, text))
                }
            }
        }
        // A job that moved meanwhile may lie in a directory that was read before.
        if !rows.isEmpty {
            for location in try spool.findJobs(where: { rows[$0.id.text] != nil }) { rows[location.job.id.text] = nil }
        }
        for job in rows.keys.sorted() {
            problems.append(SpoolProblem(.index, job: nil, "the index has a row for \(job), which has no directory"))
        }
        return problems
    }
}
