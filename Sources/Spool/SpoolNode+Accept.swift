package import Jobs
import Synchronization
import SystemPackage

extension SpoolNode {
    /// Takes a drop from its inbox and makes it a job (DESIGN section 4, accept).
    ///
    /// When it returns `accepted`, the job is on disk: its drop, its history, and the directories that lead to them.
    ///
    /// - Parameters:
    ///   - look: How the file looked before, when it had to stay the same.
    ///   - turn: Its place among the jobs of its queue, from ``nextTurn()``: also its id, unless it brings one along.
    /// - Throws: ``SpoolError``, ``SyncFailure``; then the drop is in its inbox or is taken back there at the next start.
    package func accept(
        _ drop: Drop,
        _ rules: DropRules,
        look: Look?,
        turn: JobID? = nil
    ) async throws -> AcceptOutcome {
        try await accept(take(drop, rules, look: look, turn: turn ?? nextTurn()), drop, rules)
    }

    /// A drop that was taken from its inbox, or was not to be had.
    ///
    /// Until it is accepted it keeps its files open, and the room for them: so few wait for that at a time.
    package final class Taken: Sendable {
        private let held: Mutex<(step: ClaimStep, room: ArrivalRoom)?>

        fileprivate init(_ step: ClaimStep, _ room: ArrivalRoom) { held = Mutex((step, room)) }

        /// What it keeps, for who accepts it; nil the next time.
        fileprivate func handOn() -> (step: ClaimStep, room: ArrivalRoom)? { held.withLock { $0.take() } }
    }

    /// The first half of ``accept(_:_:look:turn:)``, quick and without a flush, as soon as there is room for one more.
    /// Drops that are taken one after another are accepted in that order whenever a crash comes: what still lies in the
    /// inbox then is later than all that was taken.
    package func take(_ drop: Drop, _ rules: DropRules, look: Look?, turn: JobID) async throws -> Taken {
        let room = try await openJobs.room(for: .drop)
        let step = try await threads.run { [self] in try claim(drop, rules, look, turn) }
        if case .stays = step { room.leave() }
        return Taken(step, room)
    }

    /// The second half, for many drops side by side; once for each.
    package func accept(_ taken: Taken, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome {
        guard let (step, room) = taken.handOn() else { return .gone }
        defer { room.leave() }
        return try await finish(step, drop, rules)
    }

    /// Makes what was claimed a job.
    func finish(_ step: ClaimStep, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome {
        switch step {
        case .stays(let outcome): return outcome
        case .claimed(let claimed):
            do {
                return try await admitOrReject(claimed, drop, rules)
            } catch let unnamed as Unnamed {
                // It is a job, and the drop that it was made of is gone: the next start gives it its name.
                throw unnamed.cause
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
            let admitted = try await threads.run { [self] in try admit(claimed, drop, rules) }
            let job = admitted.job
            try await durability.sync(files: admitted.files, directories: admitted.directories)
            job.noteSynced(job.length)
            try await threads.run { [self] in
                if let source = claimed.source { try removeSource(of: claimed.name, in: source) }
                do throws(SpoolError) {
                    try nameFreshDrop(of: job, in: claimed.directory, isCopied: claimed.mustCopy)
                } catch {
                    guard claimed.source == nil else { throw Unnamed(cause: error) }
                    throw error
                }
            }
            openJobs.add(job, admitted.open)
            return .accepted(job, admitted.record)
        } catch let rejection as Rejection {
            let (row, isTidy) = try await reject(claimed, drop, rejection)
            return .rejected(row, isTidy: isTidy)
        }
    }

    /// A job was accepted, and cannot be taken back; only its drop has not its lasting name yet.
    private struct Unnamed: Error {
        var cause: SpoolError
    }

    struct Claimed: Sendable {
        var name: JobName
        var directory: OpenFile
        /// The inbox that it was taken from, and the directory that it was made in.
        var parents: [OpenFile]
        /// Its place among the jobs of its queue, when its id is one that it brought along.
        var turn: JobID?
        /// Its name inside the directory.
        var entry: String
        /// The drop, open to read, or why it cannot be opened; nil when it is no file.
        var file: Result<OpenFile, Errno>?
        var status: FileStatus
        /// Its inode is no good one to keep, also where the daemon's user owns it.
        var mustCopy = false
        /// The inbox on another filesystem, in which it lies until its copy is accepted.
        var source: OpenFile?
    }

    /// What had a drop's name in the inbox.
    struct Seen {
        var file: OpenFile
        var status: FileStatus
    }

    enum ClaimStep: Sendable {
        case stays(AcceptOutcome)
        case claimed(Claimed)
    }

    /// An inbox that a drop is taken from.
    struct Inbox {
        var directory: OpenFile
        var isLocal: Bool
    }

    // MARK: Claim

    private func claim(
        _ drop: Drop,
        _ rules: DropRules,
        _ look: Look?,
        _ turn: JobID
    ) throws(SpoolError) -> ClaimStep {
        try doing(Self.action(drop)) { () throws(Errno) in
            let (directory, isLocal) = try spool.directoryAndKind(SpoolLayout.inbox(of: drop.queue))
            let inbox = Inbox(directory: directory, isLocal: isLocal)
            var seen: Seen?
            switch try openDrop(drop.name, in: directory) {
            case .file(let file):
                let status = try fileSystem.status(of: file)
                guard status.kind == .regular else { break }
                switch unquiet(drop, file, status, isLocal: isLocal, rules, look) {
                case .writer: return .stays(.unfinished(nil))
                case .look(let look): return .stays(.unfinished(look))
                case nil: seen = Seen(file: file, status: status)
                }
            case .refused: break
            case .trouble(let error): return .stays(.immovable(SpoolError(Self.action(drop), error)))
            }
            return try take(drop, from: inbox, seen, rules, turn)
        }
    }

    static func action(_ drop: Drop) -> String { "taking \(drop.shownName) from inbox/\(drop.queue)/" }

    enum Opened {
        case file(OpenFile)
        /// It is nothing that can be opened; it is rejected after the rename, when no one can exchange it any more.
        case refused(Errno)
        /// The disk or the server failed, which says nothing about the drop: it is tried again.
        case trouble(Errno)

        /// What a claimed drop's `file` is.
        var result: Result<OpenFile, Errno> {
            switch self {
            case .file(let file): .success(file)
            case .refused(let error), .trouble(let error): .failure(error)
            }
        }
    }

    /// - Throws: What says nothing about this drop alone, and will be otherwise later.
    func openDrop(_ name: [UInt8], in directory: OpenFile) throws(Errno) -> Opened {
        do {
            return .file(try fileSystem.openRaw(name, in: directory, .read))
        } catch .tooManyOpenFiles, .tooManyOpenFilesInSystem {
            throw .tooManyOpenFiles
        } catch .noMemory {
            throw .noMemory
        } catch {
            switch error {
            case .noSuchFileOrDirectory, .permissionDenied, .notPermitted, .tooManySymbolicLinkLevels,
                .noSuchAddressOrDevice, .notSupported, .isDirectory, .notDirectory, .fileNameTooLong, .badAddress:
                return .refused(error)
            default: return .trouble(error)
            }
        }
    }

    private func take(
        _ drop: Drop,
        from inbox: Inbox,
        _ seen: Seen?,
        _ rules: DropRules,
        _ turn: JobID
    ) throws(Errno) -> ClaimStep {
        let parent = try ownDirectory()
        let text = String(validating: drop.name, as: UTF8.self) ?? drop.shownName
        let name = try makeJobDirectory(for: text, in: parent, rules, turn)
        let directory: OpenFile
        do {
            directory = try fileSystem.open(name.description, in: parent, .jobDirectory)
        } catch {
            try fileSystem.removeDirectory(name.description, in: parent)
            throw error
        }
        let target = Target(name: name, directory: directory, parent: parent, turn: name.id == turn ? nil : turn)
        let entry = Self.unacceptedEntry(of: drop.queue, target.turn)
        do throws(Errno) {
            try fileSystem.renameRaw(drop.name, in: inbox.directory, to: entry, in: directory)
        } catch {
            // A rename may succeed and its answer be lost: what is there was moved (spool-rules 18).
            if try !isThere(entry, name, directory) {
                if error == .improperLink { return try carry(drop, from: inbox, seen, rules, to: target) }
                try fileSystem.removeDirectory(name.description, in: parent)
                return .stays(try Self.untaken(drop, error))
            }
        }
        do {
            return try examine(drop, entry, from: inbox, seen, to: target)
        } catch {
            // Best effort: what cannot be taken back now is taken back at the next start.
            _ = try? takeBack(name, from: directory)
            throw error
        }
    }

    /// Whether a drop was moved into its job's directory; where that cannot be told, it is taken back if it was.
    private func isThere(_ entry: String, _ name: JobName, _ directory: OpenFile) throws(Errno) -> Bool {
        do throws(Errno) {
            return try fileSystem.exists(entry, in: directory)
        } catch {
            _ = try? takeBack(name, from: directory)
            throw error
        }
    }

    /// What became of a drop that cannot be moved.
    ///
    /// - Throws: What says nothing about this drop alone.
    static func untaken(_ drop: Drop, _ error: Errno) throws(Errno) -> AcceptOutcome {
        switch error {
        case .noSuchFileOrDirectory: return .gone
        // Made fast, or its owner's alone; or something is mounted on it.
        case .notPermitted, .permissionDenied, .improperLink, .resourceBusy:
            return .immovable(SpoolError(action(drop), error))
        default: throw error
        }
    }

    /// Where a drop is taken to.
    struct Target {
        var name: JobName
        var directory: OpenFile
        /// The directory that this one lies in.
        var parent: OpenFile
        /// Its place among the jobs of its queue, when its id is one that it brought along.
        var turn: JobID?
    }

    /// Looks at a drop that nobody can exchange any more.
    func examine(
        _ drop: Drop,
        _ entry: String,
        from inbox: Inbox,
        _ seen: Seen?,
        to target: Target
    ) throws(Errno) -> ClaimStep {
        // The writers first: the size that is read after that is the last.
        let isFree = seen.map { !inbox.isLocal || (try? fileSystem.hasNoWriter($0.file)) != false } ?? false
        var claimed = Claimed(
            name: target.name,
            directory: target.directory,
            parents: [target.parent, inbox.directory],
            turn: target.turn,
            entry: entry,
            status: try fileSystem.status(of: entry, in: target.directory),
            mustCopy: !inbox.isLocal
        )
        guard claimed.status.kind == .regular else { return .claimed(claimed) }
        if isFree, let seen, seen.status.isSameFile(as: claimed.status) {
            claimed.file = .success(seen.file)
            return .claimed(claimed)
        }
        let opened = try openDrop(Array(claimed.entry.utf8), in: claimed.directory)
        claimed.file = opened.result
        if case .trouble(let error) = opened {
            _ = try takeBack(claimed.name, from: claimed.directory)
            return .stays(.immovable(SpoolError(Self.action(drop), error)))
        }
        guard case .file(let file) = opened else { return .claimed(claimed) }
        // Between the first check and the rename somebody may have opened it to write: his descriptor lives on. It goes
        // back under a name of its own: a new drop may have its old one by now.
        if inbox.isLocal, (try? fileSystem.hasNoWriter(file)) == false {
            _ = try takeBack(claimed.name, from: claimed.directory)
            return .stays(.unfinished(nil))
        }
        claimed.status = try fileSystem.status(of: file)
        return .claimed(claimed)
    }

    /// Makes the job's directory; a drop's own id is kept when no other job has it.
    private func makeJobDirectory(
        for text: String,
        in parent: OpenFile,
        _ rules: DropRules,
        _ turn: JobID
    ) throws(Errno) -> JobName {
        if let named = JobName(text), !rules.isTaken(named.id) {
            let name = JobName(id: named.id, dropName: Array(named.drop.utf8))
            do throws(Errno) {
                try takingBack.withLock { _ throws(Errno) in
                    try fileSystem.makeDirectory(name.description, in: parent, mode: 0o700)
                }
                return name
            } catch .fileExists {}
        }
        let name = JobName(id: turn, dropName: Array(text.utf8))
        try fileSystem.makeDirectory(name.description, in: parent, mode: 0o700)
        return name
    }
}
