package import Jobs
import Spool

extension JobListing {
    /// The row of the drop that lies in an inbox under this id; nil when there is none.
    ///
    /// - Throws: `SpoolError`.
    package static func waitingRow(of client: SpoolClient, id: JobID) throws -> JobRow? {
        guard let found = try client.spool.waitingDrop(id) else { return nil }
        return JobRow(found, nil, client.spool.submitter(of: found))
    }
}
