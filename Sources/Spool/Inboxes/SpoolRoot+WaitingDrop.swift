package import Jobs
import SystemPackage

extension SpoolRoot {
    /// The drop that lies in an inbox under this id; nil when there is none. Reads names alone.
    package func waitingDrop(_ id: JobID) throws(SpoolError) -> WaitingDrop? {
        let prefix = Array("\(id)-".utf8)
        for queue in try inboxes() {
            let path = SpoolLayout.inbox(of: queue)
            let found = try doing("reading \(path)/") { () throws(Errno) -> WaitingDrop? in
                let listing = try DirectoryListing(of: path, in: root)
                while let name = try listing.next() {
                    let shown = SpoolLayout.carriedJob(name).map { Array($0.description.utf8) } ?? name
                    guard shown.starts(with: prefix), let entry = String(validating: name, as: UTF8.self) else {
                        continue
                    }
                    // The daemon may take it meanwhile.
                    guard let status = try? fileSystem.status(of: entry, in: directory(path)) else { return nil }
                    return WaitingDrop(
                        drop: Drop(queue: queue, name: shown),
                        uid: Int(status.uid),
                        changedAt: status.changedAt,
                        status: status
                    )
                }
                return nil
            }
            if let found { return found }
        }
        return nil
    }
}
