import Jobs
import Synchronization
import SystemPackage

extension SpoolNode {
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
                return try await admitOrReject(claimed, drop, rules)
            } catch is StillWritten {
                _ = try await undoAccept(of: claimed.name, in: claimed.directory)
                return .unfinished(nil)
            } catch let error as SpoolError {
                // A full disk, say: the drop is as safe in its inbox as it was.
                _ = try await undoAccept(of: claimed.name, in: claimed.directory)
                throw error
            }
        }
    }

    private func admitOrReject(_ claimed: Claimed, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome {
        do {
            let (job, record, files, directories) = try await threads.run { [self] in try admit(claimed, drop, rules) }
            try await durability.sync(files: files, directories: directories)
            try await threads.run { [self] in try nameFreshDrop(of: job) }
            return .accepted(job, record)
        } catch let rejection as Rejection {
            let (row, isTidy) = try await reject(claimed, drop, rejection)
            return .rejected(row, isTidy: isTidy)
        }
    }

    struct Claimed: Sendable {
        var name: JobName
        var directory: OpenFile
        /// The inbox that it was taken from, and the directory that it was made in.
        var parents: [OpenFile]
        /// Its name inside the directory.
        var entry: String
        /// The drop, open to read, or why it cannot be opened; nil when it is no file.
        var file: Result<OpenFile, Errno>?
        var status: FileStatus
    }

    /// What had a drop's name in the inbox.
    private struct Seen {
        var file: OpenFile
        var status: FileStatus
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
            var seen: Seen?
            if let text, case .success(let file) = try openDrop(text, in: inbox) {
                let status = try fileSystem.status(of: file)
                if status.kind == .regular {
                    if let unfinished = try writing(file, status, rules, look) {
                        return .stays(.unfinished(unfinished.look))
                    }
                    seen = Seen(file: file, status: status)
                }
            }
            return try take(drop, text ?? drop.shownName, from: inbox, seen, rules)
        }
    }

    /// A failure when it cannot be opened; it is rejected after the rename, when no one can exchange it any more.
    ///
    /// - Throws: What says nothing about the drop, and will be otherwise later.
    private func openDrop(_ name: String, in inbox: OpenFile) throws(Errno) -> Result<OpenFile, Errno> {
        do {
            return .success(try fileSystem.open(name, in: inbox, .read))
        } catch .tooManyOpenFiles, .tooManyOpenFilesInSystem {
            throw .tooManyOpenFiles
        } catch .noMemory {
            throw .noMemory
        } catch {
            return .failure(error)
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

    private func take(
        _ drop: Drop,
        _ text: String,
        from inbox: OpenFile,
        _ seen: Seen?,
        _ rules: DropRules
    ) throws(Errno) -> ClaimStep {
        let parent = try ownDirectory()
        let name = try makeJobDirectory(for: text, in: parent, rules)
        let directory: OpenFile
        do {
            directory = try fileSystem.open(name.description, in: parent, .jobDirectory)
        } catch {
            try fileSystem.removeDirectory(name.description, in: parent)
            throw error
        }
        let entry = Self.unacceptedPrefix + drop.queue
        do throws(Errno) {
            try fileSystem.renameRaw(drop.name, in: inbox, to: entry, in: directory)
        } catch {
            // A rename may succeed and its answer be lost: what is there was moved (spool-rules 18).
            if try !fileSystem.exists(entry, in: directory) {
                try fileSystem.removeDirectory(name.description, in: parent)
                switch error {
                case .noSuchFileOrDirectory: return .stays(.gone)
                // Made fast, or its owner's alone; or its inbox leads to another filesystem.
                case .notPermitted, .permissionDenied, .improperLink:
                    let action = "taking \(drop.shownName) from inbox/\(drop.queue)/"
                    return .stays(.immovable(SpoolError(action, error)))
                default: throw error
                }
            }
        }
        do {
            return try examine(name, in: directory, entry, parents: [parent, inbox], seen)
        } catch {
            // Best effort: what cannot be taken back now is taken back at the next start.
            _ = try? takeBack(name, from: directory)
            throw error
        }
    }

    /// Looks at a drop that nobody can exchange any more.
    private func examine(
        _ name: JobName,
        in directory: OpenFile,
        _ entry: String,
        parents: [OpenFile],
        _ seen: Seen?
    ) throws(Errno) -> ClaimStep {
        // The writers first: the size that is read after that is the last.
        let isFree = seen.map { (try? fileSystem.hasNoWriter($0.file)) != false } ?? false
        let status = try fileSystem.status(of: entry, in: directory)
        var claimed = Claimed(name: name, directory: directory, parents: parents, entry: entry, status: status)
        guard status.kind == .regular else { return .claimed(claimed) }
        if isFree, let seen, seen.status.isSameFile(as: status) {
            claimed.file = .success(seen.file)
            return .claimed(claimed)
        }
        claimed.file = try openDrop(entry, in: directory)
        guard case .success(let file) = claimed.file else { return .claimed(claimed) }
        // Between the first check and the rename somebody may have opened it to write: his descriptor lives on. It goes
        // back under a name of its own: a new drop may have its old one by now.
        if (try? fileSystem.hasNoWriter(file)) == false {
            _ = try takeBack(name, from: directory)
            return .stays(.unfinished(nil))
        }
        claimed.status = try fileSystem.status(of: file)
        return .claimed(claimed)
    }

    /// Makes the job's directory; a drop's own id is kept when no other job has it.
    private func makeJobDirectory(for text: String, in parent: OpenFile, _ rules: DropRules) throws(Errno) -> JobName {
        if let named = JobName(text), !rules.isTaken(named.id) {
            let name = JobName(id: named.id, dropName: Array(named.drop.utf8))
            do throws(Errno) {
                try takingBack.withLock { _ throws(Errno) in
                    try fileSystem.makeDirectory(name.description, in: parent, mode: 0o700)
                }
                return name
            } catch .fileExists {}
        }
        let name = JobName(id: identifiers.next(), dropName: Array(text.utf8))
        try fileSystem.makeDirectory(name.description, in: parent, mode: 0o700)
        return name
    }
}
