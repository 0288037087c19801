import Documents
import GRDB

/// The spool that owns an index: two spools that wrote to one index would mix their jobs.
package struct IndexOwner: Sendable, Equatable {
    /// The spool's own id, which moves with the spool.
    package var id: String
    /// Its last known absolute path.
    package var path: String

    package init(id: String, path: String) { (self.id, self.path) = (id, path) }
}

extension IndexDatabase {
    /// The index's owner; nil when no spool has claimed it.
    package func owner() throws(IndexError) -> IndexOwner? {
        do {
            return try reader.read { try IndexMeta.owner($0) }
        } catch {
            throw IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
        }
    }

    /// Checks that the index belongs to `owner`; records that when it has no owner yet, or the spool was moved.
    ///
    /// - Parameter isThere: Whether a spool still lies at that owner's path; one with the same id elsewhere is a copy
    ///   then.
    /// - Throws: ``IndexError`` when it belongs to another spool, or to the spool that this one is a copy of.
    package func claim(for owner: IndexOwner, isThere: (IndexOwner) -> Bool) throws(IndexError) {
        let known = try self.owner()
        try check(owner, isThere: isThere)
        if known == owner { return }
        do {
            try pool?.write { database in
                // The index came with a copied or restored spool: it may lack what happened since.
                if known != nil, liesIn(owner) { try IndexMeta.forget(database) }
                try IndexMeta.setOwner(owner, in: database)
            }
        } catch {
            throw IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
        }
    }

    /// Whether it lies in the spool's own directory, and so cannot belong to another spool.
    private func liesIn(_ owner: IndexOwner) -> Bool { path == "\(owner.path)/index.sqlite" }

    /// As ``claim(for:isThere:)``, for a reader: it records nothing.
    package func check(_ owner: IndexOwner, isThere: (IndexOwner) -> Bool) throws(IndexError) {
        guard !liesIn(owner), let known = try self.owner(), known != owner else { return }
        if known.id != owner.id || isThere(known) {
            throw .otherSpool(path: path, owner: known, spool: owner)
        }
    }
}
