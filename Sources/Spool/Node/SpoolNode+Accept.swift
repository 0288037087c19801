import Documents
package import Jobs
import Synchronization
import SystemPackage
import Threads

extension SpoolNode {
    /// Takes a drop from its inbox and makes it a job (docs/job-life.md, section 3).
    ///
    /// When it returns `accepted`, the job is durable: its drop, its history, and the directories that lead to them.
    ///
    /// - Parameters:
    ///   - look: How the file looked at the last attempt, when it had to stay unchanged.
    ///   - turn: The job's place in its queue, from ``nextTurn()``; also its id, unless the drop's name has one.
    /// - Throws: ``SpoolError``, ``SyncFailure``; then the drop is in its inbox, or the next start takes it back there.
    package func accept(
        _ drop: Drop,
        _ rules: DropRules,
        look: FileSnapshot?,
        turn: JobID? = nil
    ) async throws -> AcceptOutcome {
        try await accept(take(drop, rules, look: look, turn: turn ?? nextTurn()), drop, rules)
    }

    /// A drop that was taken from its inbox, or the outcome of one that was not taken.
    ///
    /// Until it is accepted it holds its open files and a permit for them, so only a few wait for acceptance at a time.
    package final class TakenDrop: Sendable {
        private let held: Mutex<(step: DropClaimResult, room: ArrivalPermit)?>

        fileprivate init(_ step: DropClaimResult, _ room: ArrivalPermit) { held = Mutex((step, room)) }

        /// Returns what it holds, to the caller that accepts it; nil at the next call.
        fileprivate func handOn() -> (step: DropClaimResult, room: ArrivalPermit)? { held.withLock { $0.take() } }
    }

    /// The first half of ``accept(_:_:look:turn:)``, quick and without a flush, as soon as there is room for one more.
    ///
    /// Drops are accepted in the order in which they are taken, even after a crash: a drop that still lies in the inbox
    /// then comes later than all that were taken.
    package func take(_ drop: Drop, _ rules: DropRules, look: FileSnapshot?, turn: JobID) async throws -> TakenDrop {
        let room = try await openJobs.room(for: .drop)
        let step = try await threads.run { [self] in try claim(drop, rules, look, turn) }
        if case .stays = step { room.leave() }
        return TakenDrop(step, room)
    }

    /// The second half, once for each drop; many may run in parallel.
    package func accept(_ taken: TakenDrop, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome {
        guard let (step, room) = taken.handOn() else { return .gone }
        defer { room.leave() }
        return try await finish(step, drop, rules)
    }

    /// Makes a claimed drop a job.
    func finish(_ step: DropClaimResult, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome {
        switch step {
        case .stays(let outcome): return outcome
        case .claimed(let claimed):
            do {
                return try await acceptOrReject(claimed, drop, rules)
            } catch let unnamed as FinalRenameFailed {
                // It is a job, and its drop is gone from the inbox: the next start gives the drop its final name.
                throw unnamed.cause
            } catch is DropChangedDuringCopy {
                _ = try await undoAccept(of: claimed.name, in: claimed.directory)
                return .unfinished(nil)
            } catch let error as SpoolError {
                // For example a full disk: the drop goes back to its inbox, where it is as safe as before.
                _ = try await undoAccept(of: claimed.name, in: claimed.directory)
                throw error
            }
        }
    }

    private func acceptOrReject(_ claimed: ClaimedDrop, _ drop: Drop, _ rules: DropRules) async throws -> AcceptOutcome
    {
        do {
            let prepared = try await threads.run { [self] in try prepareAccept(claimed, drop, rules) }
            let job = prepared.job
            try await durability.sync(files: prepared.files, directories: prepared.directories)
            job.noteSynced(job.length)
            let isCopied = claimed.mustCopy || claimed.status.uid != effectiveUserID
            try await threads.run { [self] in
                // Before the drop gets its lasting name: until then the next start removes the submission, too.
                removeSubmission(of: claimed)
                if let source = claimed.source { try removeSource(of: claimed.name, in: source) }
                do throws(SpoolError) {
                    try nameFreshDrop(of: job, in: claimed.directory, isCopied: isCopied)
                } catch {
                    guard claimed.source == nil else { throw FinalRenameFailed(cause: error) }
                    throw error
                }
            }
            openJobs.add(job, prepared.open)
            return .accepted(job, prepared.record)
        } catch let rejection as Rejection {
            let (row, isTidy) = try await reject(claimed, drop, rejection)
            return .rejected(row, isTidy: isTidy)
        }
    }

    /// The job was accepted and cannot be undone; only its drop does not have its final name yet.
    private struct FinalRenameFailed: Error {
        var cause: SpoolError
    }

    struct ClaimedDrop: Sendable {
        var name: JobName
        var directory: OpenFile
        /// The directory that it was made in, and the inbox that it was taken from.
        var parents: [OpenFile]
        /// Its place in its queue, when its id came with the drop's name.
        var turn: JobID?
        /// Its name inside the directory.
        var entry: String
        /// The drop, open to read, or why it cannot be opened; nil when it is no regular file.
        var file: Result<OpenFile, Errno>?
        var status: FileStatus
        /// The job needs a copy in a new inode, even where the daemon's user owns this one.
        var mustCopy = false
        /// The inbox on another filesystem, where the drop stays until its copy is accepted.
        var source: OpenFile?
    }

    /// The file that had a drop's name in the inbox.
    struct Seen {
        var file: OpenFile
        var status: FileStatus
    }

    enum DropClaimResult: Sendable {
        case stays(AcceptOutcome)
        case claimed(ClaimedDrop)
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
        _ look: FileSnapshot?,
        _ turn: JobID
    ) throws(SpoolError) -> DropClaimResult {
        try doing(Self.action(drop)) { () throws(Errno) in
            let (directory, isLocal) = try spool.directoryAndKind(SpoolLayout.inbox(of: drop.queue))
            let inbox = Inbox(directory: directory, isLocal: isLocal)
            var seen: Seen?
            switch try openDrop(drop.name, in: directory) {
            case .file(let file):
                let status = try fileSystem.status(of: file)
                guard status.kind == .regular else { break }
                switch stabilityFailure(drop, file, status, isLocal: isLocal, rules, look) {
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
        /// It cannot be opened; it is rejected after the rename, when no other process can replace it any more.
        case refused(Errno)
        /// The disk or the file server failed, which is no fault of the drop: the daemon tries it again.
        case trouble(Errno)

        /// The value for a claimed drop's `file`.
        var result: Result<OpenFile, Errno> {
            switch self {
            case .file(let file): .success(file)
            case .refused(let error), .trouble(let error): .failure(error)
            }
        }
    }

    /// - Throws: `EMFILE`, `ENOMEM`: they are not about this drop, and pass.
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
    ) throws(Errno) -> DropClaimResult {
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
            // A rename may succeed although its answer is lost: a drop that is there was moved
            // (docs/filesystem-rules.md, rule 18).
            if try !isThere(entry, name, directory) {
                if error == .improperLink { return try carry(drop, from: inbox, seen, rules, to: target) }
                try fileSystem.removeDirectory(name.description, in: parent)
                return .stays(try Self.untaken(drop, error))
            }
        }
        do {
            return try examine(drop, entry, from: inbox, seen, to: target)
        } catch {
            // Best effort: the next start takes back what cannot be taken back now.
            _ = try? takeBack(name, from: directory)
            throw error
        }
    }

    /// Whether a drop was moved into its job's directory; when the check fails, a drop that was moved is taken back.
    private func isThere(_ entry: String, _ name: JobName, _ directory: OpenFile) throws(Errno) -> Bool {
        do throws(Errno) {
            return try fileSystem.exists(entry, in: directory)
        } catch {
            _ = try? takeBack(name, from: directory)
            throw error
        }
    }

    /// The outcome for a drop that cannot be moved.
    ///
    /// - Throws: An error that is not about this drop alone.
    static func untaken(_ drop: Drop, _ error: Errno) throws(Errno) -> AcceptOutcome {
        switch error {
        case .noSuchFileOrDirectory: return .gone
        // It is immutable, or only its owner may move it; or something is mounted on it.
        case .notPermitted, .permissionDenied, .improperLink, .resourceBusy:
            return .immovable(SpoolError(action(drop), error))
        default: throw error
        }
    }

    /// Where a drop is moved to.
    struct Target {
        var name: JobName
        var directory: OpenFile
        /// The parent of `directory`.
        var parent: OpenFile
        /// Its place in its queue, when its id came with the drop's name.
        var turn: JobID?
    }

    /// Examines a drop that no other process can replace any more.
    func examine(
        _ drop: Drop,
        _ entry: String,
        from inbox: Inbox,
        _ seen: Seen?,
        to target: Target
    ) throws(Errno) -> DropClaimResult {
        // Check for writers first: then the size that is read afterwards is final.
        let isFree = seen.map { !inbox.isLocal || (try? fileSystem.hasNoWriter($0.file)) != false } ?? false
        var claimed = ClaimedDrop(
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
        // A process may have opened it for writing between the first check and the rename, and still has its
        // descriptor. The drop goes back under a name of its own: a new drop may have its old one by now.
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
