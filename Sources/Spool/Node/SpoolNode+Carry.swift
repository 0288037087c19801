import Documents
package import Jobs
import SystemPackage
import Threads

/// Drops in an inbox on another filesystem, from which no file can be renamed into the spool.
///
/// A node claims one by a rename inside its inbox, to a name with the job's id, so that no other node takes it. Its
/// copy becomes the job; once that is durable, the claimed drop is removed, before the daemon reports the job. So a
/// crash leaves either a claimed drop without a job, which goes back to its inbox, or one with a job, which is removed:
/// the id tells which.
extension SpoolNode {
    /// Claims a drop by a rename inside its inbox.
    func carry(_ drop: Drop, from inbox: Inbox, _ seen: Seen?, _ rules: DropRules, to target: Target) throws(Errno)
        -> DropClaimResult
    {
        let reason = seen.map { obstacle(to: $0.status, rules) } ?? "it cannot be read, or is no regular file"
        if let reason {
            try fileSystem.removeDirectory(target.name.description, in: target.parent)
            return .stays(Self.uncarried(drop, reason))
        }
        let source = SpoolLayout.carriedName(of: target.name)
        do throws(Errno) {
            try fileSystem.renameRaw(drop.name, in: inbox.directory, to: source, in: inbox.directory)
        } catch {
            if try !fileSystem.exists(source, in: inbox.directory) {
                try fileSystem.removeDirectory(target.name.description, in: target.parent)
                return .stays(try Self.untaken(drop, error))
            }
        }
        do {
            return try examineCarried(drop, source, from: inbox, rules, to: target)
        } catch {
            // Best effort: the next start takes back what cannot be taken back now.
            _ = try? takeBack(target.name, from: target.directory)
            throw error
        }
    }

    /// Why a drop cannot be copied; nil when it can. Such a drop cannot be moved to `rejected/` either.
    private func obstacle(to status: FileStatus, _ rules: DropRules) -> String? {
        if status.kind != .regular { return "it is \(status.kind.name), not a regular file" }
        if status.links != 1 { return "it has \(status.links) hard links" }
        if status.size > rules.sizeMax {
            return "it has \(status.size) bytes, and its queue takes \(rules.sizeMax) at most"
        }
        return nil
    }

    private static func uncarried(_ drop: Drop, _ reason: String) -> AcceptOutcome {
        let advice = "Its inbox is on another filesystem than the spool, from which files are copied; but \(reason)"
        return .immovable(SpoolError(action(drop), .improperLink, advice: advice))
    }

    /// Examines a drop that no other node can take any more.
    private func examineCarried(
        _ drop: Drop,
        _ source: String,
        from inbox: Inbox,
        _ rules: DropRules,
        to target: Target
    ) throws(Errno) -> DropClaimResult {
        guard case .file(let file) = try openDrop(Array(source.utf8), in: inbox.directory) else {
            return try giveBack(drop, "it cannot be read any more", target)
        }
        if inbox.isLocal, (try? fileSystem.hasNoWriter(file)) == false {
            _ = try takeBack(target.name, from: target.directory)
            return .stays(.unfinished(nil))
        }
        let status = try fileSystem.status(of: file)
        if let reason = obstacle(to: status, rules) { return try giveBack(drop, reason, target) }
        return .claimed(
            ClaimedDrop(
                name: target.name,
                directory: target.directory,
                parents: [target.parent],
                turn: target.turn,
                entry: Self.ownCopy,
                file: .success(file),
                status: status,
                mustCopy: true,
                source: inbox.directory
            )
        )
    }

    private func giveBack(_ drop: Drop, _ reason: String, _ target: Target) throws(Errno) -> DropClaimResult {
        _ = try takeBack(target.name, from: target.directory)
        return .stays(Self.uncarried(drop, reason))
    }

    // MARK: End of a claimed drop

    /// The queue's inbox, when it holds the drop that was claimed for that job; else nil.
    func source(of job: JobName, in queue: String) throws(Errno) -> OpenFile? {
        do throws(Errno) {
            let inbox = try spool.directory(SpoolLayout.inbox(of: queue))
            return try fileSystem.exists(SpoolLayout.carriedName(of: job), in: inbox) ? inbox : nil
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Removes a claimed drop whose job or rejection is durable.
    func removeSource(of job: JobName, in inbox: OpenFile) throws(SpoolError) {
        try doing("removing the drop of \(job) from its inbox") { () throws(Errno) in
            let source = SpoolLayout.carriedName(of: job)
            do throws(Errno) {
                try fileSystem.removeIfPresent(source, in: inbox)
            } catch {
                // It may have succeeded although its answer was lost (docs/filesystem-rules.md, rule 18).
                if try fileSystem.exists(source, in: inbox) { throw error }
            }
        }
        // Best effort: a drop that a power cut brings back is recognized by its id.
        try? Durability.syncNow(inbox, fileSystem)
    }

    /// Renames a claimed drop that is no job back to a drop's name with its id; removes one that was rejected.
    ///
    /// - Returns: Its queue and inbox, when it is a drop again; else nil.
    func giveBackSource(of job: JobName) throws(Errno) -> (queue: String, inbox: OpenFile)? {
        for queue in try DirectoryListing.names(in: SpoolLayout.inbox, of: spool.root)
        where SpoolLayout.isValidName(queue) {
            guard let inbox = try source(of: job, in: queue) else { continue }
            let source = SpoolLayout.carriedName(of: job)
            if let copy = try rejected(job), try isSame(copy.file, as: fileSystem.openPlain(source, in: inbox)) {
                for file in [copy.file, copy.day] { try Durability.syncNow(file, fileSystem) }
                try fileSystem.removeIfPresent(source, in: inbox)
                return nil
            }
            // The name is taken only where a writer gave this id to another drop meanwhile.
            let isFree = try !fileSystem.exists(job.description, in: inbox)
            let name = isFree ? job : try otherName(for: job)
            try rename(source, in: inbox, to: name.description, in: inbox)
            return (queue, inbox)
        }
        return nil
    }

    /// The drop of that job in `rejected/`, when its note is beside it.
    private func rejected(_ job: JobName) throws(Errno) -> (file: OpenFile, day: OpenFile)? {
        for day in try DirectoryListing.names(in: SpoolLayout.rejected, of: spool.root) where !day.hasPrefix(".") {
            let directory = try spool.directory("\(SpoolLayout.rejected)/\(day)")
            guard try fileSystem.exists("\(job)\(RejectionNote.ending)", in: directory),
                try fileSystem.exists(job.description, in: directory)
            else { continue }
            return (try fileSystem.openPlain(job.description, in: directory), directory)
        }
        return nil
    }

    /// Compares the contents: a power cut may have lost bytes of one of them.
    private func isSame(_ left: OpenFile, as right: OpenFile) throws(Errno) -> Bool {
        try digest(of: left).sha256 == digest(of: right).sha256
    }

    /// Whether the copy in a job's directory may be the last one of its drop, whose inbox may not be mounted.
    func isLastCopy(of job: JobName) throws(Errno) -> Bool {
        for queue in try DirectoryListing.names(in: SpoolLayout.inbox, of: spool.root)
        where SpoolLayout.isValidName(queue) {
            if try fileSystem.exists("\(SpoolLayout.inbox(of: queue))/\(job)", in: spool.root) { return false }
        }
        return try rejected(job) == nil
    }

    // MARK: What a crash left

    /// The outcome for a claimed drop that was found in an inbox.
    package enum OrphanClaimOutcome: Sendable {
        /// A node works on its job, or is about to take the job over.
        case inHand
        /// It was already a job or a rejection, and was removed.
        case removed
        /// It is a drop again.
        case returned
    }

    /// Cleans up a claimed drop that a crash left in the inbox of `queue`.
    package func resolveOrphanClaim(_ job: JobName, in queue: String) async throws -> OrphanClaimOutcome {
        try await threads.run { [self] in
            // A job may move during the search; then the second search finds it.
            for _ in 0..<2 {
                if let location = try spool.locate(job) {
                    if location.directory.hasPrefix("\(SpoolLayout.processing)/") { return .inHand }
                    return try removeCarried(job, in: queue)
                }
            }
            if try spool.rejectionNotes().contains(where: { $0.job == job }) {
                return try removeCarried(job, in: queue)
            }
            let found = try doing("taking \(job) back to its inbox") { () throws(Errno) in try giveBackSource(of: job) }
            return found == nil ? .removed : .returned
        }
    }

    private func removeCarried(_ job: JobName, in queue: String) throws(SpoolError) -> OrphanClaimOutcome {
        let inbox = try doing("looking for \(job) in inbox/\(queue)/") { () throws(Errno) in
            try source(of: job, in: queue)
        }
        if let inbox { try removeSource(of: job, in: inbox) }
        return .removed
    }
}
