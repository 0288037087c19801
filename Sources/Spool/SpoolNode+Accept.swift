import Crypto
package import Jobs
import Synchronization
import SystemPackage

extension SpoolNode {
    /// A drop inside its job directory before its acceptance is on disk: the name keeps the queue, so that an
    /// acceptance that a crash cut short can be taken back to the right inbox.
    private static let unacceptedPrefix = "drop@"

    /// Takes a drop from its inbox and makes it a job (DESIGN section 4, accept).
    ///
    /// When it returns `accepted`, the job is on disk: its drop, its history, and the directories that lead to them.
    ///
    /// - Parameter look: How the file looked before, when it had to settle.
    /// - Throws: ``SpoolError``, ``SyncFailure``; then the drop is in its inbox or is taken back there at the next start.
    package func accept(_ drop: Drop, _ rules: DropRules, look: Look?) async throws -> AcceptOutcome {
        let step = try await threads.run { [self] in try claim(drop, rules, look) }
        switch step {
        case .stays(let outcome): return outcome
        case .claimed(let claimed):
            do {
                let (job, record, files, directories) = try await threads.run { [self] in
                    try admit(claimed, drop, rules)
                }
                try await durability.sync(files: files, directories: directories)
                try await finishAccept(job)
                return .accepted(job, record)
            } catch let rejection as Rejection {
                return .rejected(try await reject(claimed, drop, rejection))
            } catch let error as SpoolError {
                // A full disk, say: the drop is as safe in its inbox as it was.
                _ = try await undoAccept(of: claimed.name, in: claimed.directory)
                throw error
            }
        }
    }

    private func parents(of drop: Drop) throws(SpoolError) -> [OpenFile] {
        try doing("opening the inbox of \(drop.queue)") { () throws(Errno) in
            [try spool.directory(processing), try spool.directory(SpoolLayout.inbox(of: drop.queue))]
        }
    }

    private struct Claimed: Sendable {
        var name: JobName
        var directory: OpenFile
        /// The drop, open to read.
        var file: OpenFile
        var status: FileStatus
        /// Its name inside the directory.
        var entry: String
    }

    private enum ClaimStep: Sendable {
        case stays(AcceptOutcome)
        case claimed(Claimed)
    }

    // MARK: Claim

    private func claim(_ drop: Drop, _ rules: DropRules, _ look: Look?) throws(SpoolError) -> ClaimStep {
        try doing("taking \(drop.shownName) from inbox/\(drop.queue)/") { () throws(Errno) in
            let inbox = try spool.directory(SpoolLayout.inbox(of: drop.queue))
            // A name that is no UTF-8 cannot be opened as text; its writers are looked for after the rename.
            let text = String(validating: drop.name, as: UTF8.self)
            if let text, let file = try openDrop(text, in: inbox) {
                let status = try fileSystem.status(of: file)
                if status.kind == .regular, let unfinished = try writing(file, status, rules, look) {
                    return .stays(.unfinished(unfinished.look))
                }
            }
            return try rename(drop, text ?? drop.shownName, from: inbox, rules)
        }
    }

    /// Nil when it cannot be opened; it is rejected after the rename, when no one can exchange it any more.
    private func openDrop(_ name: String, in inbox: OpenFile) throws(Errno) -> OpenFile? {
        do {
            return try fileSystem.open(name, in: inbox, .readUntrusted)
        } catch .tooManyOpenFiles, .tooManyOpenFilesInSystem {
            throw .tooManyOpenFiles
        } catch {
            return nil
        }
    }

    /// Who still writes is waited for: a read lease tells (fcntl(2), F_SETLEASE), else two equal looks.
    private func writing(
        _ file: OpenFile,
        _ status: FileStatus,
        _ rules: DropRules,
        _ earlier: Look?
    ) throws(Errno) -> (look: Look?, Void)? {
        do throws(Errno) {
            return try fileSystem.hasNoWriter(file) ? nil : (nil, ())
        } catch {
            // Not the file's owner and no CAP_LEASE, or a filesystem without leases.
            let look = Look(status, at: clock.now)
            guard let earlier, earlier.isSame(as: look) else { return (look, ()) }
            return look.at - earlier.at >= rules.settlingTime ? nil : (earlier, ())
        }
    }

    private func rename(
        _ drop: Drop,
        _ text: String,
        from inbox: OpenFile,
        _ rules: DropRules
    ) throws(Errno) -> ClaimStep {
        let name = jobName(of: text, rules)
        let parent = try spool.directory(processing)
        try fileSystem.makeDirectory(name.description, in: parent, mode: 0o700)
        let directory = try fileSystem.open(name.description, in: parent, .directory)
        let entry = Self.unacceptedPrefix + drop.queue
        do throws(Errno) {
            try fileSystem.renameRaw(drop.name, in: inbox, to: entry, in: directory)
        } catch {
            // A rename may succeed and its answer be lost: what is there was moved (spool-rules 18).
            if try !fileSystem.exists(entry, in: directory) {
                try fileSystem.removeDirectory(name.description, in: parent)
                if error == .noSuchFileOrDirectory { return .stays(.gone) }
                throw error
            }
        }
        var claimed = Claimed(
            name: name,
            directory: directory,
            file: directory,
            status: try fileSystem.status(of: entry, in: directory),
            entry: entry
        )
        guard claimed.status.kind == .regular, let file = try openDrop(entry, in: directory) else {
            return .claimed(claimed)
        }
        // Between the first check and the rename somebody may have opened it to write: his descriptor lives on.
        let isWritten = (try? fileSystem.hasNoWriter(file)) == false
        if isWritten {
            let isFree = try !fileSystem.exists(text, in: inbox)
            try rename(entry, in: directory, to: isFree ? text : name.description, in: inbox)
            try fileSystem.removeDirectory(name.description, in: parent)
            return .stays(.unfinished(nil))
        }
        claimed.file = file
        claimed.status = try fileSystem.status(of: file)
        return .claimed(claimed)
    }

    private func jobName(of text: String, _ rules: DropRules) -> JobName {
        if let named = JobName(text), !rules.isTaken(named.id) {
            return JobName(id: named.id, dropName: Array(named.drop.utf8))
        }
        return JobName(id: identifiers.next(), dropName: Array(text.utf8))
    }

    // MARK: Admit

    private func admit(
        _ claimed: Claimed,
        _ drop: Drop,
        _ rules: DropRules
    ) throws -> (OwnedJob, HistoryRecord, files: [OpenFile], directories: [OpenFile]) {
        let status = claimed.status
        guard status.kind == .regular else { throw Rejection("it is \(status.kind.name), not a regular file") }
        guard claimed.file !== claimed.directory else { throw Rejection("the daemon's user may not read it") }
        guard status.links == 1 else {
            throw Rejection("it has \(status.links) hard links; copy the file instead of linking it")
        }
        guard status.size <= rules.sizeMax else {
            throw Rejection("it has \(status.size) bytes; the queue \(drop.queue) takes \(rules.sizeMax) at most")
        }
        let file = status.uid == effectiveUserID ? claimed.file : try copy(claimed)
        let contents = try read(claimed, file, drop)
        let acceptance = try rules.admit(contents)
        let key = try acceptance.idempotencyKey.map { try reserve($0, for: claimed.name) }
        let history = try doing("making the history of \(claimed.name)") { () throws(Errno) in
            try fileSystem.open(SpoolLayout.history, in: claimed.directory, .append)
        }
        let job = OwnedJob(
            name: claimed.name,
            path: "\(spool.path)/\(processing)/\(claimed.name)",
            directory: claimed.directory,
            history: history,
            state: OwnedJob.State(replay: JobReplay(name: claimed.name), chain: HistoryChain(), length: 0)
        )
        let now = clock.now
        let record = try job.state.withLock { state in
            let transition = try state.replay.life.decide(.accept(acceptance), at: now)
            return try append(transition.event, to: job, &state, at: now).0
        }
        let directories = try [claimed.directory] + parents(of: drop) + (key?.directories ?? [])
        return (job, record, [file, history] + (key.map { [$0.file] } ?? []), directories)
    }

    /// Reserves an idempotency key for a job: `keys/<2 hex>/<sha256>`, made O_EXCL, holds the job's id.
    ///
    /// A key that an acceptance reserved before a crash cut it short is the same job's again.
    private func reserve(_ key: String, for job: JobName) throws -> (file: OpenFile, directories: [OpenFile]) {
        let name = SHA256.hash(data: Array(key.utf8)).hexadecimal
        let (file, directories, owner) = try doing("reserving the idempotency key of \(job)") { () throws(Errno) in
            let (directory, changed) = try spool.ensuredDirectory("\(SpoolLayout.keys)/\(name.prefix(2))")
            let directories = [directory] + (changed.map { [$0] } ?? [])
            do throws(Errno) {
                let file = try fileSystem.open(name, in: directory, .create)
                try fileSystem.writeAll(Array(job.id.text.utf8), to: file)
                return (file, directories, [UInt8]())
            } catch .fileExists {
                let file = try fileSystem.open(name, in: directory, .read)
                return (file, directories, try fileSystem.contents(of: file, limit: 64))
            }
        }
        let first = String(decoding: owner, as: UTF8.self)
        guard owner.isEmpty || first == job.id.text else {
            throw Rejection("its idempotency_key belongs to job \(first), which was accepted before")
        }
        return (file, directories)
    }

    /// Gives the drop an inode of the daemon's own, which its submitter cannot write to (spool-rules 13).
    private func copy(_ claimed: Claimed) throws(SpoolError) -> OpenFile {
        try doing("copying the drop of \(claimed.name)") { () throws(Errno) in
            let copy = try fileSystem.open("copy", in: claimed.directory, .create)
            var offset = 0
            while true {
                let part = try fileSystem.read(claimed.file, at: offset, count: 1 << 20)
                if part.isEmpty { break }
                try fileSystem.writeAll(part, to: copy)
                offset += part.count
            }
            try fileSystem.rename("copy", in: claimed.directory, to: claimed.entry, in: claimed.directory)
            return try fileSystem.open(claimed.entry, in: claimed.directory, .read)
        }
    }

    private func read(_ claimed: Claimed, _ file: OpenFile, _ drop: Drop) throws -> DropContents {
        let kind = Acceptance.Kind(dropName: claimed.name.drop)
        if kind == .document, claimed.status.size > DropRules.documentSizeMax {
            throw Rejection(
                "a job document may have \(DropRules.documentSizeMax) bytes at most; "
                    + "give large inputs under another ending, or as a file that the job names"
            )
        }
        var bytes: [UInt8] = []
        var hash = SHA256()
        var size = 0
        try doing("reading the drop of \(claimed.name)") { () throws(Errno) in
            while true {
                let part = try fileSystem.read(file, at: size, count: 1 << 16)
                if part.isEmpty { break }
                part.withUnsafeBytes { hash.update(bufferPointer: $0) }
                if kind == .document { bytes += part }
                size += part.count
            }
        }
        return DropContents(
            queue: drop.queue,
            job: claimed.name,
            name: claimed.name.drop,
            kind: kind,
            size: size,
            sha256: hash.finalize().hexadecimal,
            ownerUID: Int(claimed.status.uid),
            bytes: bytes
        )
    }

    /// Gives the accepted drop its lasting name; a crash before is mended by the take-over.
    func finishAccept(_ job: OwnedJob) async throws {
        guard let acceptance = job.replay.acceptance else { return }
        try await threads.run { [self] in
            try doing("naming the drop of \(job.name)") { () throws(Errno) in
                let entry = Self.unacceptedPrefix + acceptance.queue
                do throws(Errno) {
                    try fileSystem.rename(entry, in: job.directory, to: acceptance.file, in: job.directory)
                } catch .noSuchFileOrDirectory {}
            }
        }
    }

    // MARK: Reject and undo

    private func reject(_ claimed: Claimed, _ drop: Drop, _ rejection: Rejection) async throws -> JobSummary {
        let now = clock.now
        let note = RejectionNote(
            job: claimed.name,
            queue: drop.queue,
            ownerUID: Int(claimed.status.uid),
            at: now,
            reason: rejection.reason
        )
        let parents = try await threads.run { [self] in
            try doing("rejecting \(claimed.name)") { () throws(Errno) in
                let (day, changedParent) = try spool.ensuredDirectory("\(SpoolLayout.rejected)/\(now.day)")
                let noteFile = try fileSystem.replaceFile(note.fileName, in: day, with: note.bytes)
                try rename(claimed.entry, in: claimed.directory, to: claimed.name.description, in: day)
                let parent = try spool.directory(processing)
                try fileSystem.removeDirectory(claimed.name.description, in: parent)
                return (noteFile, [day, parent] + (changedParent.map { [$0] } ?? []))
            }
        }
        try await durability.sync(files: [parents.0], directories: parents.1)
        return note.summary
    }

    /// Takes a drop that a crash caught between inbox and acceptance back to its inbox, under a name that keeps its id.
    func undoAccept(of job: JobName, in directory: OpenFile) async throws -> Claim {
        let (queue, directories) = try await threads.run { [self] in
            try doing("taking \(job) back to its inbox") { () throws(Errno) in
                let names = try DirectoryListing.names(in: "\(processing)/\(job)", of: spool.root)
                let parent = try spool.directory(processing)
                let entry = names.first { $0.hasPrefix(Self.unacceptedPrefix) }
                let queue = entry.map { String($0.dropFirst(Self.unacceptedPrefix.count)) }
                var directories = [parent]
                if let entry, let queue {
                    let inbox = try spool.ensuredDirectory(SpoolLayout.inbox(of: queue)).directory
                    try rename(entry, in: directory, to: job.description, in: inbox)
                    directories.append(inbox)
                }
                for name in ["copy", SpoolLayout.history] { try fileSystem.removeIfPresent(name, in: directory) }
                // Anything else in it is nobody's business to delete: then the directory stays for a person to see.
                do throws(Errno) {
                    try fileSystem.removeDirectory(job.description, in: parent)
                } catch .directoryNotEmpty {}
                return (queue, directories)
            }
        }
        try await durability.sync(directories: directories)
        return queue.map(Claim.returned) ?? .gone
    }
}

extension Acceptance.Kind {
    /// By the drop's ending (INTERFACE, Drops).
    package init(dropName: String) {
        if Document.Format(fileName: dropName) != nil {
            self = .document
        } else {
            self = dropName.lowercased().hasSuffix(".jsonl") ? .batch : .file
        }
    }
}

extension FileStatus.Kind {
    var name: String {
        switch self {
        case .regular: "a regular file"
        case .directory: "a directory"
        case .symbolicLink: "a symbolic link"
        case .other: "a pipe, socket or device"
        }
    }
}
