import JobIndex
import Jobs
import Spool

/// Compares the index with the files, which are the truth.
struct IndexComparison: Sendable {
    let client: SpoolClient

    /// Rows that do not say what the files say.
    ///
    /// Jobs that a daemon may work on are left out: they change while they are compared.
    func problems() async throws -> [SpoolProblem] {
        let spool = client.spool
        let index: IndexDatabase
        do {
            index = try client.openIndex()
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
