import Jobs
package import Spool

/// Checks history chains, drops, results and places, and the index against the files.
package struct SpoolVerification: Sendable {
    /// What a check found.
    package struct Findings: Sendable {
        package var problems: [SpoolProblem]
        /// How many jobs were checked.
        package var jobs: Int
    }

    private let client: SpoolClient
    private let audit: SpoolAudit

    package init(_ client: SpoolClient) { (self.client, audit) = (client, SpoolAudit(spool: client.spool)) }

    /// Checks the job that `text` means; all jobs and the index for nil.
    ///
    /// - Throws: ``ClientError``, as ``JobFinder/find(_:)``; `SpoolError`; `IndexError`.
    package func check(_ text: String?) async throws -> Findings {
        if let text {
            let location = try await JobFinder(client).find(text)
            return Findings(problems: try audit.problems(of: location), jobs: 1)
        }
        let (problems, jobs) = try audit.allProblems()
        return Findings(problems: problems + (try await indexProblems()), jobs: jobs)
    }

    /// Makes results and index rows again where they are missing or differ.
    ///
    /// - Parameter onUnreadable: As ``IndexRemaking/run(onUnreadable:)``.
    /// - Returns: What is wrong on the whole spool after that.
    /// - Throws: `SpoolError`, `IndexError`.
    package func repair(
        _ problems: [SpoolProblem],
        onUnreadable: @escaping @Sendable (SpoolError) -> Void
    ) async throws -> [SpoolProblem] {
        for problem in problems where problem.isResult { try audit.repairResult(of: problem) }
        if problems.contains(where: \.isIndex) {
            _ = try await IndexRemaking(client).run(onUnreadable: onUnreadable)
        }
        return try audit.allProblems().problems + (try await indexProblems())
    }

    /// What differs between index and files. A daemon writes the index a moment after the files, so while one runs, what
    /// differs is compared again for some time.
    private func indexProblems() async throws -> [SpoolProblem] {
        let comparison = IndexComparison(client: client)
        var problems = try await comparison.problems()
        let polling = Polling(clock: client.clock, pause: .milliseconds(200), patience: .seconds(2))
        _ = try await polling.first { () -> Bool? in
            if problems.isEmpty || (try? client.hasDaemon) != true { return true }
            try await client.clock.sleep(for: polling.pause)
            problems = try await comparison.problems()
            return nil
        }
        return problems
    }
}
