import Jobs
import Spool
import SystemPackage

/// One reading of an inbox, a part at a time.
///
/// A part that ends the directory comes in the order of the names, which is that of the ids; a larger directory comes
/// as the filesystem has it.
// Unchecked is safe: the engine has one `next` under way at a time, and awaits it before the next or before dropping it.
final class DropListing: @unchecked Sendable {
    private var listing: DirectoryListing?
    private let path: String
    private let rules: NameRules
    private let spool: SpoolRoot

    init(queue: String, _ rules: NameRules, spool: SpoolRoot) {
        path = SpoolLayout.inbox(of: queue)
        self.rules = rules
        self.spool = spool
    }

    private func open() throws(SpoolError) -> DirectoryListing {
        do throws(Errno) {
            return try DirectoryListing(of: path, in: spool.root)
        } catch {
            throw SpoolError("reading \(path)/", error)
        }
    }

    /// Up to `count` further names of drops, none at the end; and the jobs for which drops were claimed that it came by.
    func next(_ count: Int) throws -> (names: [[UInt8]], carried: [JobName]) {
        let listing = try listing ?? open()
        self.listing = listing
        var names: [[UInt8]] = []
        var carried: [JobName] = []
        while names.count < count, let name = try listing.next() {
            if rules.leftAlone(name) == nil {
                names.append(name)
            } else if let job = SpoolLayout.carriedJob(name) {
                carried.append(job)
            }
        }
        return (names.sorted { $0.lexicographicallyPrecedes($1) }, carried)
    }
}
