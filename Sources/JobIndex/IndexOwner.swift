import GRDB

/// The spool that an index is of: two that wrote to one index would mix their jobs.
package struct IndexOwner: Sendable, Equatable {
    /// The spool's own id, which goes with it wherever it is moved.
    package var id: String
    /// Where it lay last; an absolute path.
    package var path: String

    package init(id: String, path: String) { (self.id, self.path) = (id, path) }
}

extension IndexDatabase {
    /// Whose the index is; nil when no spool has claimed it.
    package func owner() throws(IndexError) -> IndexOwner? {
        do {
            return try reader.read { try IndexMeta.owner($0) }
        } catch {
            throw IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
        }
    }

    /// Makes sure that the index is that of `owner`, and writes it down when it is no spool's yet, or the spool was moved.
    ///
    /// - Parameter isThere: Whether a spool lies at its path still: one that has the same id and lies elsewhere is a copy.
    /// - Throws: ``IndexError`` when it is another spool's, or that of the spool that this one is a copy of.
    package func claim(for owner: IndexOwner, isThere: (IndexOwner) -> Bool) throws(IndexError) {
        let known = try self.owner()
        try check(owner, isThere: isThere)
        if known == owner { return }
        do {
            try pool?.write { database in
                // It came with a copy of its spool, or with one that was restored: it may lack what happened since.
                if known != nil, liesIn(owner) { try IndexMeta.forget(database) }
                try IndexMeta.setOwner(owner, in: database)
            }
        } catch {
            throw IndexError(error, path: path) ?? .unusable(path: path, reason: "\(error)")
        }
    }

    /// Whether it lies in the spool's own directory: it can be no other spool's then.
    private func liesIn(_ owner: IndexOwner) -> Bool { path == "\(owner.path)/index.sqlite" }

    /// The same for who only reads.
    package func check(_ owner: IndexOwner, isThere: (IndexOwner) -> Bool) throws(IndexError) {
        guard !liesIn(owner), let known = try self.owner(), known != owner else { return }
        if known.id != owner.id || isThere(known) {
            throw .otherSpool(path: path, owner: known, spool: owner)
        }
    }
}
