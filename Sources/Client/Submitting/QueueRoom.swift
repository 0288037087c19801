package import Engine
import JobIndex
import Jobs
import Spool

/// Whether a queue takes more submissions through an API; a drop that is put into the inbox is always taken.
package struct QueueRoom: Sendable, Equatable {
    /// The drops in the inbox and the jobs that wait for a worker.
    package let waiting: Int
    /// Nil for no limit.
    package let waitingMax: Int?

    package init(waiting: Int, waitingMax: Int?) { (self.waiting, self.waitingMax) = (waiting, waitingMax) }

    package var isFull: Bool { waitingMax.map { waiting >= $0 } ?? false }

    /// Counts what waits, when the queue has a limit: reads the inbox up to the limit, and the index's counters.
    ///
    /// The index follows the daemon within 200 ms, so a burst may pass the limit by what is submitted in that time.
    ///
    /// - Throws: `SpoolError`; ``ClientError`` when there is no index.
    package init(_ client: SpoolClient, _ queue: QueueSettings) async throws {
        guard let limit = queue.waitingMax else {
            self.init(waiting: 0, waitingMax: nil)
            return
        }
        let drops = try client.spool.survey(of: queue.name, queue.names, limit: 0, namesMax: limit).count
        do {
            let index = try client.openIndex()
            defer { index.close() }
            let jobs = try await index.counts().first { $0.queue == queue.name && $0.state == .waiting }?.count ?? 0
            self.init(waiting: drops + jobs, waitingMax: limit)
        } catch let error as IndexError {
            throw ClientError(error)
        }
    }
}
