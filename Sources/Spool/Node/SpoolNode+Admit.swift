import Documents
package import Jobs
import Synchronization
import SystemPackage

/// A drop changed while it was copied: a writer has it open, and the kernel could not tell.
struct DropChangedDuringCopy: Error {}

extension SpoolNode {
    /// The prefix of a drop's name inside its job directory until its acceptance is durable. The name keeps the queue,
    /// so that a drop whose acceptance a crash cut short goes back to the right inbox.
    static let unacceptedPrefix = "drop@"

    /// Such a name: the queue, and after it the job's place in the queue, when that is not the job's id.
    static func unacceptedEntry(of queue: String, _ turn: JobID?) -> String {
        unacceptedPrefix + queue + (turn.map { "@\($0)" } ?? "")
    }

    static func unacceptedEntry(of acceptance: Acceptance?) -> String {
        unacceptedEntry(of: acceptance?.queue ?? "", acceptance?.turn)
    }

    /// Reads such a name; nil for any other, and for a forged one that names another place.
    static func unaccepted(_ entry: String) -> (queue: String, turn: JobID?)? {
        guard entry.hasPrefix(unacceptedPrefix) else { return nil }
        let rest = entry.dropFirst(unacceptedPrefix.count)
        let queue = String(rest.prefix { $0 != "@" })
        let turn = rest.dropFirst(queue.count + 1)
        guard SpoolLayout.isValidName(queue), turn.isEmpty || JobID(turn) != nil else { return nil }
        return (queue, JobID(turn))
    }

    /// The name of the daemon's own copy of a drop, until the acceptance is durable.
    static let ownCopy = "copy"

    /// A drop that was admitted; nothing of it is synced yet.
    struct PreparedAccept: Sendable {
        var job: OwnedJob
        var record: HistoryRecord
        var open: JobFiles
        /// The files to sync.
        var files: [OpenFile]
        var directories: [OpenFile]
    }

    /// Checks a drop, lets `rules` admit it, and writes its acceptance; nothing is synced yet.
    func prepareAccept(
        _ claimed: ClaimedDrop,
        _ drop: Drop,
        _ rules: DropRules
    ) throws -> PreparedAccept {
        let status = claimed.status
        guard status.kind == .regular else { throw Rejection("it is \(status.kind.name), not a regular file") }
        let dropped = try opened(claimed)
        guard status.links == 1 else {
            throw Rejection("it has \(status.links) hard links; copy the file instead of linking it")
        }
        guard status.size <= rules.sizeMax else {
            throw Rejection("it has \(status.size) bytes; the queue \(drop.queue) takes \(rules.sizeMax) at most")
        }
        let mustCopy = claimed.mustCopy || status.uid != effectiveUserID
        let file = mustCopy ? try copy(dropped, of: claimed) : dropped
        var (contents, freshDrop) = try read(claimed, file, drop, rules)
        contents.submission = try submission(of: claimed)?.submission
        var acceptance = try rules.makeAcceptance(contents)
        acceptance.turn = claimed.turn
        let key = try acceptance.idempotencyKey.map {
            try reserve($0, for: claimed.name, inputSHA256: acceptance.inputSHA256)
        }
        let history = try doing("making the history of \(claimed.name)") { () throws(Errno) in
            try fileSystem.open(SpoolLayout.history, in: claimed.directory, .append)
        }
        let job = OwnedJob(
            name: claimed.name,
            path: "\(spool.path)/\(processing)/\(claimed.name)",
            state: OwnedJob.State(
                replay: JobReplay(name: claimed.name),
                chain: HistoryChain(),
                length: 0,
                freshDrop: freshDrop
            )
        )
        let open = JobFiles(directory: claimed.directory, history: history)
        let now = clock.now
        let record = try job.state.withLock { state in
            let transition = try state.replay.life.decide(.accept(acceptance), at: now)
            return try append(transition.event, to: job, open, &state, at: now).0
        }
        let directories = [claimed.directory] + claimed.parents + (key?.directories ?? [])
        return PreparedAccept(
            job: job,
            record: record,
            open: open,
            files: [file, history] + (key.map { [$0.file] } ?? []),
            directories: directories
        )
    }

    private func opened(_ claimed: ClaimedDrop) throws(Rejection) -> OpenFile {
        switch claimed.file {
        case .success(let file): return file
        case .failure(.permissionDenied), .failure(.notPermitted), nil:
            throw Rejection(
                "the daemon's user may not read it; make it readable with chmod a+r, or drop it with agentspool submit"
            )
        case .failure(let error): throw Rejection("it cannot be opened: \(error)")
        }
    }

    /// Copies the drop to an inode of the daemon's own, which its submitter cannot write to
    /// (docs/filesystem-rules.md, rule 13).
    ///
    /// This copies drops of other users, and every drop where a writer on another host may have it open unseen. The
    /// submitter's inode, which alone shows its owner, stays beside the copy until the acceptance is durable.
    private func copy(_ drop: OpenFile, of claimed: ClaimedDrop) throws -> OpenFile {
        let (copy, isSame) = try doing("copying the drop of \(claimed.name)") { () throws(Errno) in
            let copy = try fileSystem.open(Self.ownCopy, in: claimed.directory, .create)
            var offset = 0
            while offset <= claimed.status.size {
                let part = try fileSystem.read(drop, at: offset, count: 1 << 20)
                if part.isEmpty { break }
                try fileSystem.writeAll(part, to: copy)
                offset += part.count
            }
            let after = try fileSystem.status(of: drop)
            let isSame = offset == claimed.status.size && after.modified == claimed.status.modified
            return (try fileSystem.open(Self.ownCopy, in: claimed.directory, .read), isSame)
        }
        if !isSame { throw DropChangedDuringCopy() }
        return copy
    }

    /// - Returns: What the drop is, and its text when it is small.
    private func read(
        _ claimed: ClaimedDrop,
        _ file: OpenFile,
        _ drop: Drop,
        _ rules: DropRules
    ) throws -> (DropContents, [UInt8]?) {
        let kind = Acceptance.Kind(dropName: claimed.name.drop, takesRows: rules.takesRows)
        if kind == .document, claimed.status.size > DropRules.documentSizeMax {
            throw Rejection(
                "a job document may have \(DropRules.documentSizeMax) bytes at most; "
                    + "give large inputs under another ending, or as a file that the job names"
            )
        }
        let isSmall = kind != .batch && claimed.status.size <= OwnedJob.freshDropMax
        var outline = kind == .batch ? BatchOutline(fileName: claimed.name.drop) : nil
        let (sha256, size, bytes) = try doing("reading the drop of \(claimed.name)") { () throws(Errno) in
            try digest(of: file, size: claimed.status.size, keepsBytes: kind == .document || isSmall) {
                outline?.add($0)
            }
        }
        outline?.end()
        let contents = DropContents(
            queue: drop.queue,
            job: claimed.name,
            name: claimed.name.drop,
            kind: kind,
            size: size,
            outline: outline,
            sha256: sha256,
            ownerUID: Int(claimed.status.uid),
            bytes: kind == .document ? bytes : []
        )
        return (contents, isSmall ? bytes : nil)
    }

    func digest(
        of file: OpenFile,
        size known: Int? = nil,
        keepsBytes: Bool = false,
        _ show: ([UInt8]) -> Void = { _ in }
    ) throws(Errno) -> (sha256: String, size: Int, bytes: [UInt8]) {
        var bytes: [UInt8] = []
        var hash = SHA256()
        var size = 0
        try fileSystem.readPieces(of: file, size: known) { part throws(Errno) in
            hash.update(part.span.bytes)
            if keepsBytes { bytes += part }
            show(part)
            size += part.count
        }
        return (hash.finalize().hexadecimal, size, bytes)
    }

    // MARK: Name

    /// As ``nameDrop(of:in:)``, for a job whose directory no other process has seen.
    func nameFreshDrop(of job: OwnedJob, in directory: OpenFile, isCopied: Bool) throws(SpoolError) {
        let (entry, file) = job.withAcceptance { acceptance in
            (Self.unacceptedEntry(of: acceptance), acceptance?.file ?? "")
        }
        if isCopied { return try nameDrop(of: job, in: directory) }
        let isNamed = try doing("naming the drop of \(job.name)") { () throws(Errno) in
            do throws(Errno) {
                try fileSystem.rename(entry, in: directory, to: file, in: directory)
                return true
            } catch .noSuchFileOrDirectory {
                // A rename may succeed although its answer is lost (docs/filesystem-rules.md, rule 18).
                return false
            }
        }
        if !isNamed { try nameDrop(of: job, in: directory) }
    }

    /// Gives the accepted drop its final name; after a crash the node that opens the job next does so.
    func nameDrop(of job: OwnedJob, in directory: OpenFile) throws(SpoolError) {
        guard let acceptance = job.replay.acceptance else { return }
        try doing("naming the drop of \(job.name)") { () throws(Errno) in
            let entry = Self.unacceptedEntry(of: acceptance)
            if try fileSystem.exists(Self.ownCopy, in: directory) {
                try fileSystem.rename(Self.ownCopy, in: directory, to: acceptance.file, in: directory)
            } else if try !fileSystem.exists(acceptance.file, in: directory) {
                // The audit reports a drop that is missing.
                do throws(Errno) {
                    try fileSystem.rename(entry, in: directory, to: acceptance.file, in: directory)
                } catch .noSuchFileOrDirectory {}
                return
            }
            // The submitter's inode, once the copy has its place; if it stays, the next call removes it.
            try? fileSystem.removeIfPresent(entry, in: directory)
        }
    }
}

extension Acceptance.Kind {
    /// Chooses the kind by the drop's ending (docs/formats.md, section 3).
    ///
    /// - Parameter takesRows: Whether a table is a batch.
    package init(dropName: String, takesRows: Bool = false) {
        let ending = DropExtension.of(dropName)
        if Document.Format(fileName: dropName) != nil {
            self = .document
        } else if DropExtension.batch.contains(ending) || takesRows && DropExtension.table.contains(ending) {
            self = .batch
        } else {
            self = .file
        }
    }
}
