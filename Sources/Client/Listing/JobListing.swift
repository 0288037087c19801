import Documents
import JobIndex
package import Jobs
import Spool

/// Jobs that meet a filter: first the drops that no daemon has taken yet, then the rows of the index, newest first.
package struct JobListing: Sendable {
    package private(set) var rows: [JobRow]
    /// Where the next page begins, as a filter's `after`; nil when there are no more jobs in the index.
    package private(set) var next: JobCursor?
    /// Why the rows of the index are missing; nil when they are there, or were not needed.
    package private(set) var failure: ClientError?

    /// - Parameter limit: The most rows, whatever the filter's own limit is.
    ///
    /// The drops in the inboxes are on the first page only, in no order: they are few, or the page is full of them.
    ///
    /// - Throws: ``ClientError`` (usage) when the filter's cursor belongs to another order; `SpoolError`.
    package init(of client: SpoolClient, _ filter: JobFilter = JobFilter(), limit: Int) async throws {
        if let after = filter.after, after.sort != filter.sort {
            throw ClientError("the place \(after) is one of a list in the order \(after.sort.rawValue)", .usage)
        }
        if let remote = try client.remote() {
            let page = try await remote.list(filter, limit: limit)
            (rows, next) = (page.rows.map(JobRow.init), page.next)
            return
        }
        rows = try Self.inboxRows(client, filter, limit)
        // Without an index the drops in the inboxes are still listed.
        if rows.count >= limit {
            next = .start(filter.sort)
            return
        }
        do {
            let index = try client.openIndex()
            defer { index.close() }
            var rest = filter
            let room = limit - rows.count
            // One more row shows whether there is another page.
            rest.limit = room + 1
            let found = try await index.list(rest)
            rows += found.prefix(room).map(JobRow.init)
            if found.count > room { next = JobCursor(behind: found[room - 1], filter.sort) }
        } catch let error as IndexError {
            failure = ClientError(error)
        }
    }

    /// The most drops of an inbox that a condition is tried on.
    private static let seenMax = 10_000

    /// The rows of drops that no daemon has taken yet: they are in the inboxes, and not in the index.
    private static func inboxRows(_ client: SpoolClient, _ filter: JobFilter, _ limit: Int) throws -> [JobRow] {
        let isWaitingMeant = filter.states.isEmpty || filter.states.contains(.waiting)
        guard isWaitingMeant, filter.workflow == nil, filter.labels.isEmpty, filter.after == nil else { return [] }
        var rows: [JobRow] = []
        // A condition on the drops themselves must see more of them than it may keep.
        let isNarrow = filter.owner != nil || filter.text != nil || filter.since != nil || filter.until != nil
        let seen = isNarrow ? max(limit, seenMax) : limit
        let report = try InboxReport(client, queue: filter.queue, limit: seen, now: client.wallClock.now)
        for inbox in report.inboxes {
            let reasons = Dictionary(inbox.waiting.map { ($0.drop.drop, $0.reason) }, uniquingKeysWith: { $1 })
            for waiting in inbox.survey.drops where rows.count < limit {
                if let since = filter.since, waiting.changedAt < since { continue }
                if let until = filter.until, waiting.changedAt >= until { continue }
                let owner = client.spool.submitter(of: waiting)
                if let condition = filter.owner, !condition.includes(owner) { continue }
                let row = JobRow(waiting, reasons[waiting.drop], owner)
                if let text = filter.text, !row.has(text) { continue }
                rows.append(row)
            }
        }
        return rows
    }
}
