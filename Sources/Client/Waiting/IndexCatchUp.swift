import Documents
import JobIndex
package import Jobs

/// Lets the index reach what a use case has seen in a job's history, so that the next one lists it.
///
/// The daemon writes the index a moment after the history: `submit --wait` and then `list` in a script would show a job
/// that has ended as running.
package struct IndexCatchUp: Sendable {
    private static let pause: Duration = .milliseconds(10)
    private static let patience: Duration = .seconds(2)

    private let client: SpoolClient

    package init(_ client: SpoolClient) { self.client = client }

    /// Returns when the index shows these records of the jobs, or later ones; after two seconds in any case, and at once
    /// where there is no index.
    ///
    /// - Parameter records: The number of a record, by job.
    package func wait(for records: [JobID: Int]) async throws {
        guard !records.isEmpty, let index = try? client.openIndex() else { return }
        defer { index.close() }
        var missing = records
        let polling = Polling(clock: client.clock, pause: Self.pause, patience: Self.patience)
        _ = try await polling.first { () -> Bool? in
            while let (job, seq) = missing.first {
                guard let rows = try? await index.jobs(matching: job.text) else { return true }
                guard rows.contains(where: { $0.job == job.text && $0.seq >= seq }) else { return nil }
                missing[job] = nil
            }
            return true
        }
    }
}
