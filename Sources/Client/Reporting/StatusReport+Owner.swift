import Documents
import JobIndex
package import Jobs
import Spool

extension StatusReport {
    /// The part of the report that is about one owner's jobs: their counts, and those that wait for a person.
    ///
    /// What lies in the inboxes of others, and what the daemon's notes say of them, is left out.
    ///
    /// - Throws: ``ClientError`` when there is no index; `SpoolError`.
    package init(of client: SpoolClient, owner: Owner) async throws {
        self.init(spool: client.spool.path, at: client.wallClock.now)
        nodes = try NodeLock.nodes(of: client.spool)
        do {
            let index = try client.openIndex()
            defer { index.close() }
            for queue in try client.spool.inboxes() {
                for state in JobSummary.State.allCases {
                    var filter = JobFilter(states: [state], queue: queue, limit: 1)
                    (filter.owner, filter.sort) = (.exactly(owner), .oldest)
                    let count = try await index.count(filter, upTo: JobCount.max)
                    if count == 0 { continue }
                    add(count, try await index.list(filter).first?.acceptedAt, queue, state)
                }
            }
            var held = JobFilter(states: [.held], limit: Self.stuckMax)
            held.owner = .exactly(owner)
            stuck = try await index.list(held)
        } catch let error as IndexError {
            throw ClientError(error)
        }
        var waiting = JobFilter(states: [.waiting])
        waiting.owner = .exactly(owner)
        // Drops that no daemon has taken are in no index, and come first.
        let rows = try await JobListing(of: client, waiting, limit: JobCount.max).rows.map(\.summary)
        for row in rows where row.acceptedAt == nil { add(1, nil, row.queue, .waiting) }
    }
}
