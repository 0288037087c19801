package import Documents
package import Jobs
import SystemPackage

/// Who submitted a drop that the daemon wrote for another: the file `submitted/<job id>`.
///
/// The daemon owns such a drop on disk. The file is synced before the drop is renamed into its inbox, and removed once
/// the job's acceptance, or the note of its rejection, is on disk and names the owner.
package struct Submission: Sendable, Equatable {
    package var owner: Owner
    /// The key of a drop that has no place for one, because it is no job document.
    package var idempotencyKey: String?

    package init(owner: Owner, idempotencyKey: String? = nil) {
        (self.owner, self.idempotencyKey) = (owner, idempotencyKey)
    }

    /// In bytes; a larger file is no submission.
    static let sizeMax = 1 << 16

    /// The file's path in the spool.
    package static func path(of job: JobID) -> String { "\(SpoolLayout.submitted)/\(job)" }

    package var json: JSON {
        JSON(members: [
            ("owner_uid", .int(Int64(owner.uid))), ("owner", .string(owner.name)),
            ("idempotency_key", idempotencyKey.map(JSON.string)),
        ])
    }

    package init(_ document: Document) throws(DocumentError) {
        // A later version may add members; what this version needs must be there.
        let reader = try MemberReader(document)
        guard let uid = try reader.int("owner_uid", in: Owner.tokenUID...Int(UInt32.max)) else {
            throw reader.error("owner_uid", "is missing")
        }
        guard let name = try reader.string("owner"), !name.isEmpty else { throw reader.error("owner", "is missing") }
        self.init(owner: Owner(uid: uid, name: name), idempotencyKey: try reader.string("idempotency_key"))
    }

    /// Writes the file; the caller syncs it and `submitted/` before it renames the drop.
    package func write(for job: JobID, in spool: SpoolRoot) throws(SpoolError) -> OpenFile {
        try doing("writing \(Self.path(of: job))") { () throws(Errno) in
            let file = try spool.fileSystem.open(Self.path(of: job), in: spool.root, .create)
            try spool.fileSystem.writeAll(json.bytes + [UInt8(ascii: "\n")], to: file)
            return file
        }
    }

    /// Removes the file.
    ///
    /// - Returns: Whether it was there.
    @discardableResult
    package static func remove(of job: JobID, in spool: SpoolRoot) throws(SpoolError) -> Bool {
        try doing("removing \(path(of: job))") { () throws(Errno) in
            do throws(Errno) {
                try spool.fileSystem.unlink(path(of: job), in: spool.root)
                return true
            } catch .noSuchFileOrDirectory {
                return false
            }
        }
    }

    /// Reads the submission of a drop that the daemon's own user owns; nil when there is none.
    ///
    /// - Parameter daemon: The uid that must own the file, as it owns the drop; nil for that of this process.
    /// - Throws: ``Rejection`` when the file is there and cannot be believed: the drop must not pass for one of the
    ///   daemon's user. ``SpoolError`` when the disk failed.
    package static func read(of job: JobID, in spool: SpoolRoot, ownedBy daemon: UInt32? = nil) throws -> Submission? {
        let path = path(of: job)
        func refusal(_ reason: String) -> Rejection {
            Rejection("who submitted it is not known: \(path) \(reason); submit it again")
        }
        let bytes = try doing("reading \(path)") { () throws(Errno) -> [UInt8]?? in
            do throws(Errno) {
                let file = try spool.fileSystem.open(path, in: spool.root, .read)
                let status = try spool.fileSystem.status(of: file)
                guard status.kind == .regular, status.links == 1, status.uid == daemon ?? effectiveUserID
                else {
                    return .some(nil)
                }
                return try spool.fileSystem.contents(of: file, limit: sizeMax)
            } catch .noSuchFileOrDirectory {
                return nil
            } catch .tooManySymbolicLinkLevels, .noSuchAddressOrDevice {
                return .some(nil)
            }
        }
        guard let bytes else { return nil }
        guard let bytes else { throw refusal("is no file of the daemon's user") }
        guard bytes.count <= sizeMax else { throw refusal("is too large") }
        do throws(DocumentError) {
            return try Submission(Document(bytes, format: .json, name: path))
        } catch {
            throw refusal("cannot be read (\(error))")
        }
    }
}
