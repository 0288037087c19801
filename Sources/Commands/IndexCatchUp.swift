import Documents
import JobIndex
import Jobs

/// Lets the index reach what a command has seen in a job's history, so that the next command lists it.
///
/// The daemon writes the index a moment after the history: `submit --wait` and then `list` in a script would show a job
/// that has ended as running.
struct IndexCatchUp {
    var options: SpoolOptions

    private static let pause: Duration = .milliseconds(10)
    private static let patience: Duration = .seconds(2)

    /// Returns when the index shows this record of the job or a later one; after two seconds in any case, and at once
    /// where there is no index.
    func wait(for job: JobID, seq: Int) async throws {
        guard let index = try? options.openIndex() else { return }
        defer { index.close() }
        let clock = ContinuousClock()
        let end = clock.now + Self.patience
        while clock.now < end {
            let rows = try? await index.jobs(matching: job.text)
            if rows == nil || rows?.contains(where: { $0.job == job.text && $0.seq >= seq }) == true { return }
            try await Task.sleep(for: Self.pause)
        }
    }
}
