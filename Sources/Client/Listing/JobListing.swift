import Documents
import JobIndex
package import Jobs
import Spool

/// Jobs that meet a filter: first the drops that no daemon has taken yet, then the rows of the index, newest first.
package struct JobListing: Sendable {
    package private(set) var rows: [JobRow]
    /// Why the rows of the index are missing; nil when they are there, or were not needed.
    package private(set) var failure: ClientError?

    /// - Parameter limit: The most rows, whatever the filter's own limit is.
    /// - Throws: `SpoolError`.
    package init(of client: SpoolClient, _ filter: JobFilter = JobFilter(), limit: Int) async throws {
        rows = try Self.inboxRows(client, filter, limit)
        // Without an index the drops in the inboxes are still listed.
        if rows.count >= limit { return }
        do {
            let index = try client.openIndex()
            defer { index.close() }
            var rest = filter
            rest.limit = limit - rows.count
            rows += try await index.list(rest).map(JobRow.init)
        } catch let error as IndexError {
            failure = ClientError(error)
        }
    }

    /// The rows of drops that no daemon has taken yet: they are in the inboxes, and not in the index.
    private static func inboxRows(_ client: SpoolClient, _ filter: JobFilter, _ limit: Int) throws -> [JobRow] {
        let isWaitingMeant = filter.states.isEmpty || filter.states.contains(.waiting)
        guard isWaitingMeant, filter.workflow == nil, filter.labels.isEmpty else { return [] }
        var rows: [JobRow] = []
        let report = try InboxReport(client, queue: filter.queue, limit: limit, now: client.wallClock.now)
        for inbox in report.inboxes {
            let reasons = Dictionary(inbox.waiting.map { ($0.drop.drop, $0.reason) }, uniquingKeysWith: { $1 })
            for waiting in inbox.survey.drops.prefix(limit - rows.count) {
                if let since = filter.since, waiting.changedAt < since { continue }
                rows.append(JobRow(waiting, reasons[waiting.drop]))
            }
        }
        return rows
    }
}
