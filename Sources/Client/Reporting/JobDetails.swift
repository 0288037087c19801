package import Documents
import JobIndex
package import Jobs
import OrderedCollections
import Spool

/// Everything about one job that a page about it shows.
package struct JobDetails: Sendable {
    /// Its row; nil when it has no history that can be read.
    package let summary: JobSummary?
    package let report: JobReport
    /// The absolute path of its directory.
    package let path: String

    /// The details of the job that `text` means.
    ///
    /// - Throws: ``ClientError``, as ``JobFinder/read(_:)``; `SpoolError`.
    package init(of text: String, _ client: SpoolClient) async throws {
        let found = try await JobFinder(client).read(text)
        var report = try JobReport(found, in: client.spool)
        if report.isInHand { report.stepWaitsFor = await Self.stepWaitsFor(found.replay, client) }
        self.report = report
        summary = JobSummary(found.replay)
        path = "\(client.spool.path)/\(found.location.path)"
        place = found.location.path
    }

    /// The path, relative to the spool.
    private let place: String

    /// The row.
    ///
    /// - Throws: ``ClientError`` (data) when there is none.
    package func requireSummary() throws(ClientError) -> JobSummary {
        if let summary { return summary }
        throw ClientError("\(place) has no history that can be read; see agentspool verify", .data)
    }

    /// What a step of a running job waits for now; its daemon writes that only into the index.
    private static func stepWaitsFor(_ replay: JobReplay, _ client: SpoolClient) async -> String? {
        // When the index is missing or behind, or the daemon does not say, the reason is not known.
        guard [.running, .waiting].contains(replay.life.state) else { return nil }
        if let remote = try? client.remote() {
            let why = try? await remote.summary(replay.name.id.text).why
            return why == JobSummary.awaitsWorker ? nil : why
        }
        guard let index = try? client.openIndex() else { return nil }
        defer { index.close() }
        guard let row = try? await index.jobs(matching: replay.name.id.text).first else { return nil }
        return row.seq == replay.life.seq && row.why != JobSummary.awaitsWorker ? row.why : nil
    }

    package var json: JSON {
        var members = summary?.json.object ?? ["job": .string(report.replay.name.id.text)]
        if let why = report.stepWaitsFor { members["why"] = .string(why) }
        members["path"] = .string(path)
        members["request_counts"] = BatchProgress(report.replay)?.json
        return .object(members.merging(report.json) { _, new in new })
    }
}
