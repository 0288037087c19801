package import Jobs
import Spool

extension JobListing {
    /// The most names of an inbox that are searched.
    private static let searchedMax = 100_000

    /// The row of the drop that lies in an inbox under this id; nil when there is none.
    ///
    /// - Throws: `SpoolError`.
    package static func waitingRow(of client: SpoolClient, id: JobID) throws -> JobRow? {
        for queue in try client.spool.inboxes() {
            let drops = try client.spool.waitingDrops(of: queue, limit: searchedMax).drops
            let found = drops.first { waiting in
                String(validating: waiting.drop.name, as: UTF8.self).flatMap(JobName.init)?.id == id
            }
            if let found { return JobRow(found, nil, client.spool.submitter(of: found)) }
        }
        return nil
    }
}
