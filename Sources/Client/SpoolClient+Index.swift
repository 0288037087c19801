import Daemon
import JobIndex
import Spool

extension SpoolClient {
    /// - Throws: `IndexError` with what to do, when there is no index or it is another spool's.
    func openIndex() throws(IndexError) -> IndexDatabase {
        if let sharedIndex {
            guard let index = sharedIndex() else { throw .missing(path: indexPath) }
            return index.borrowed
        }
        let index = try IndexDatabase.openReadOnly(path: indexPath)
        guard let owner else { return index }
        do throws(IndexError) {
            try index.check(owner) { IndexLocation.isCopied($0, to: owner.path) }
            return index
        } catch {
            index.close()
            throw error
        }
    }

    /// The spool that must own the index; nil for a spool that has no id yet.
    var owner: IndexOwner? {
        guard let id = try? spool.identity() else { return nil }
        return IndexOwner(id: id, path: spool.path)
    }
}
