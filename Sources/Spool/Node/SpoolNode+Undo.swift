import Documents
import Jobs
import Synchronization
import SystemPackage
import Threads

extension SpoolNode {
    /// Puts a drop that is no job into `rejected/`, with the reason beside it.
    ///
    /// - Returns: Its row, and whether the daemon's own files around the drop are gone: to leave them is no failure
    ///   once the drop was moved.
    func reject(
        _ claimed: ClaimedDrop,
        _ drop: Drop,
        _ rejection: Rejection
    ) async throws -> (row: JobSummary, isTidy: Bool) {
        let now = clock.now
        let (note, files, directories, isTidy) = try await threads.run { [self] in
            let submitter = try submitter(of: claimed)
            return try doing("rejecting \(claimed.name)") { () throws(Errno) in
                let (day, changed) = try spool.ensuredDirectory("\(SpoolLayout.rejected)/\(now.day)")
                let note = RejectionNote(
                    job: try freeName(for: claimed.name, in: day),
                    queue: drop.queue,
                    ownerUID: submitter?.uid ?? Int(claimed.status.uid),
                    owner: submitter?.name,
                    at: now,
                    reason: rejection.reason,
                    duplicateOf: rejection.duplicateOf
                )
                let file = try fileSystem.replaceFile(note.fileName, in: day, with: note.bytes)
                try rename(claimed.entry, in: claimed.directory, to: note.job.description, in: day)
                // For a drop on another filesystem, only this copy is left once the drop is removed.
                let copy = claimed.source == nil ? nil : try fileSystem.openPlain(note.job.description, in: day)
                let parent = try spool.directory(processing)
                let isTidy: Bool
                do throws(Errno) {
                    // The copy of another user's drop is not needed: the drop itself was moved.
                    try fileSystem.removeIfPresent(Self.ownCopy, in: claimed.directory)
                    try fileSystem.removeDirectory(claimed.name.description, in: parent)
                    isTidy = true
                } catch {
                    isTidy = false
                }
                return (note, [file] + [copy].compactMap(\.self), [day, parent] + changed, isTidy)
            }
        }
        try await durability.sync(files: files, directories: directories)
        try await threads.run { [self] in removeSubmission(of: claimed) }
        guard let source = claimed.source else { return (note.summary, isTidy) }
        // The rejected copy is durable now.
        do {
            try await threads.run { [self] in try removeSource(of: claimed.name, in: source) }
            return (note.summary, isTidy)
        } catch is SpoolError {
            return (note.summary, false)
        }
    }

    /// The owner that the note names; nil for the file's, also where a submission cannot be believed.
    private func submitter(of claimed: ClaimedDrop) throws -> Owner? {
        do {
            return try submission(of: claimed)?.submission.owner
        } catch is Rejection {
            return nil
        }
    }

    /// A free name in `day`, with which neither the drop nor its note replaces anything there.
    private func freeName(for job: JobName, in day: OpenFile) throws(Errno) -> JobName {
        var name = job
        while true {
            let noteOfNote = "\(name)\(RejectionNote.ending)\(RejectionNote.ending)"
            if try !fileSystem.exists(name.description, in: day), try !fileSystem.exists(noteOfNote, in: day) {
                return name
            }
            name = JobName(id: identifiers.next(), dropName: Array(job.drop.utf8))
        }
    }

    /// Takes a drop whose acceptance was not completed back to its inbox, under a name that keeps its id.
    func undoAccept(of job: JobName, in directory: OpenFile) async throws -> Claim {
        // The record is removed first, durably: else a crash could leave the drop in its inbox and a job without it.
        let mustSync = try await threads.run { [self] in
            try doing("taking \(job) back to its inbox") { () throws(Errno) in
                guard try fileSystem.exists(SpoolLayout.history, in: directory) else { return false }
                let hasRecords = try fileSystem.status(of: SpoolLayout.history, in: directory).size > 0
                try fileSystem.unlink(SpoolLayout.history, in: directory)
                return hasRecords
            }
        }
        if mustSync { try await durability.sync(directories: [directory]) }
        let (queue, directories) = try await threads.run { [self] in
            try doing("taking \(job) back to its inbox") { () throws(Errno) in try takeBack(job, from: directory) }
        }
        try await durability.sync(directories: directories)
        return queue.map(Claim.returned) ?? .gone
    }

    /// Renames the drop back to its inbox, and removes what the daemon made around it.
    ///
    /// - Returns: The queue, when there was a drop, and the directories that changed.
    func takeBack(_ job: JobName, from directory: OpenFile) throws(Errno) -> (queue: String?, changed: [OpenFile]) {
        try takingBack.withLock { _ throws(Errno) in try takeBackAlone(job, from: directory) }
    }

    private func takeBackAlone(
        _ job: JobName,
        from directory: OpenFile
    ) throws(Errno) -> (queue: String?, changed: [OpenFile]) {
        let parent = try spool.directory(processing)
        let names = try DirectoryListing.names(in: "\(processing)/\(job)", of: spool.root)
        // In a forged directory an entry may name any place.
        let entry = names.first { Self.unaccepted($0) != nil }
        var queue = entry.flatMap { Self.unaccepted($0)?.queue }
        var changed = [parent]
        if let entry, let queue {
            let (inbox, changedParents) = try spool.ensuredDirectory(SpoolLayout.inbox(of: queue))
            // The name is taken only where a writer gave this id to another drop meanwhile.
            let isFree = try !fileSystem.exists(job.description, in: inbox)
            let name = isFree ? job : try otherName(for: job)
            try rename(entry, in: directory, to: name.description, in: inbox)
            changed += [inbox] + changedParents
        } else if let (found, inbox) = try giveBackSource(of: job) {
            queue = found
            changed.append(inbox)
        }
        let isLast = queue == nil && names.contains(Self.ownCopy) ? try isLastCopy(of: job) : false
        for name in (isLast ? [] : [Self.ownCopy]) + [Self.newHistory, SpoolLayout.history] {
            try fileSystem.removeIfPresent(name, in: directory)
        }
        // The daemon deletes nothing else in it: then the directory stays for the operator to see.
        do throws(Errno) {
            try fileSystem.removeDirectory(job.description, in: parent)
        } catch .directoryNotEmpty {}
        return (queue, changed)
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
