package import Documents
package import Jobs
import Synchronization
import SystemPackage
import Threads

extension SpoolNode {
    /// The outcome of this node's attempt to take a job directory.
    package enum Claim: Sendable {
        /// This node owns it, and it can go on. With the records of its history; of a long one only the last part.
        case owned(OwnedJob, [HistoryRecord])
        /// Its history says that it belongs elsewhere, and it was moved there. With the records as above.
        case settled(JobReplay, [HistoryRecord])
        /// It had not been accepted: the drop is back in its inbox.
        case returned(queue: String)
        /// It is not there: another process was faster.
        case gone
        /// It cannot be read; it was left where it is.
        case unreadable(JobName, reason: String)
    }

    /// Takes a job from `deferred/`, appends `claimed` (synced with the next record) and returns it.
    ///
    /// - Parameter show: Called with every part of a long history except the last.
    package func claimDeferred(
        _ job: JobName,
        due: Timestamp,
        show: StreamingReplay.Show? = nil
    ) async throws -> Claim {
        try await withRoom { try await claimDeferredNow(job, due: due, show) }
    }

    private func claimDeferredNow(_ job: JobName, due: Timestamp, _ show: StreamingReplay.Show?) async throws -> Claim {
        let source = SpoolLayout.location(of: job, in: .deferred(until: due), node: node)
        let adopted: (OwnedJob, [HistoryRecord])?
        do {
            adopted = try await threads.run { [self] in
                try take(source.name, from: source.directory, as: job) ? try open(job, show) : nil
            }
        } catch let error as UnreadableJob {
            return .unreadable(job, reason: "\(error)")
        }
        guard let (owned, records) = adopted else { return .gone }
        switch owned.replay.life.state {
        // A power cut may undo the move out of deferred/ and not the claim that followed it.
        case .deferred, .waiting, .running: break
        case .absent: return .unreadable(job, reason: "\(job) in \(source.directory)/ has no history")
        case .held, .ended: return try await completeMove(of: owned, records)
        }
        let now = clock.now
        let (record, _) = try await withFiles(of: owned) { files in
            try await threads.run { [self] in
                try nameDrop(of: owned, in: files.directory)
                return try owned.state.withLock { state in
                    let transition = try state.replay.life.decide(.claim(node: node, .due), at: now)
                    return try append(transition.event, to: owned, files, &state, at: now)
                }
            }
        }
        return .owned(owned, records + [record])
    }

    /// Moves a job directory from anywhere into this node's directory, for a request; nil when it is not there.
    ///
    /// Nothing is appended: the caller commits the request, and that moves the job on. The move to here is durable by
    /// then: else a power cut could leave the answer in a history in `held/`, where no request moves it on.
    ///
    /// - Throws: ``UnreadableJob``, ``SpoolError``, ``SyncFailure``.
    package func adopt(
        _ job: JobName,
        from directory: String,
        named name: String
    ) async throws -> (OwnedJob, [HistoryRecord])? {
        let parents = try await threads.run { [self] () -> [OpenFile]? in
            guard try take(name, from: directory, as: job) else { return nil }
            return try doing("claiming \(job) from \(directory)/") { () throws(Errno) in
                [try ownDirectory(), try spool.directory(directory)]
            }
        }
        guard let parents else { return nil }
        try await durability.sync(directories: parents)
        return try await withRoom { try await threads.run { [self] in try open(job) } }
    }

    /// Renames a job's directory into this node's; false when it is not there, or when the job is here already.
    ///
    /// This node already works on a job that is here, and a second owner would break its history. After the rename,
    /// that case would look like a rename whose answer was lost.
    ///
    /// - Throws: ``UnreadableJob``, ``SpoolError``.
    func take(_ name: String, from directory: String, as job: JobName) throws -> Bool {
        if directory != processing { try checkTrust(in: name, of: directory, as: job) }
        return try doing("claiming \(job) from \(directory)/") { () throws(Errno) in
            let destination = try ownDirectory()
            if directory != processing, try fileSystem.exists(job.description, in: destination) { return false }
            do throws(Errno) {
                try rename(name, in: spool.directory(directory), to: job.description, in: destination)
                return true
            } catch .noSuchFileOrDirectory {
                return false
            }
        }
    }

    /// This node's directory, made again when another process removed it.
    func ownDirectory() throws(Errno) -> OpenFile {
        let (directory, changed) = try spool.ensuredDirectory(processing)
        for parent in changed { try Durability.syncNow(parent, fileSystem) }
        return directory
    }

    /// Opens a job that lies in this node's directory and reads its history.
    ///
    /// A torn tail is cut back to the last whole record; a history with a changed record is refused.
    ///
    /// - Returns: The job, and the records of its history; of a long one the last part, and `show` gets the others.
    func open(
        _ job: JobName,
        _ show: StreamingReplay.Show? = nil
    ) throws -> (OwnedJob, [HistoryRecord]) {
        let (directory, history, fold) = try doing("opening \(job)") { () throws(Errno) in
            let directory = try fileSystem.open(job.description, in: spool.directory(processing), .jobDirectory)
            let history = try fileSystem.open(SpoolLayout.history, in: directory, .append)
            var fold = StreamingReplay(of: job, show: show)
            try fold.read(history, fileSystem)
            return (directory, history, fold)
        }
        if case .brokenLine(let line) = fold.reader.defect {
            throw UnreadableJob(
                job,
                "in \(processing)/ has a history of which line \(line) does not fit the chain: "
                    + "agentspool verify \(job.id) says more"
            )
        }
        if fold.reader.defect != nil {
            try doing("cutting the torn tail of the history of \(job)") { () throws(Errno) in
                try fileSystem.truncate(history, to: fold.reader.validLength)
            }
        }
        let owned = OwnedJob(
            name: job,
            path: "\(spool.path)/\(processing)/\(job)",
            state: OwnedJob.State(
                replay: fold.replay,
                chain: fold.reader.chain,
                length: fold.reader.validLength
            )
        )
        openJobs.add(owned, JobFiles(directory: directory, history: history))
        return (owned, fold.rest)
    }

    /// Completes what a crash left undone for a job whose history says that it belongs elsewhere.
    func completeMove(of job: OwnedJob, _ records: [HistoryRecord]) async throws -> Claim {
        let replay = job.replay
        return try await withFiles(of: job) { open in
            let mark = try await threads.run { [self] in try makeDeliveryMark(for: replay) }
            let files = try await threads.run { [self] in
                try nameDrop(of: job, in: open.directory)
                if replay.life.isEnded { return try writeResult(of: job, open, replay) }
                // A crash may have cut a retry short before it removed the old result.
                try removeResult(of: job, open)
                // Its approval request may not have been written yet.
                if case .held(let hold) = replay.life.state, let request = hold.approval {
                    return [try write(request, of: job, open)]
                }
                return []
            }
            try await durability.sync(
                files: files + [open.history] + (mark.map { [$0.file] } ?? []),
                directories: [open.directory] + (mark?.directories ?? [])
            )
            try await move(job, to: replay.life.place)
            return .settled(replay, records)
        }
    }
}
