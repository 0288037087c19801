package import Jobs
import Synchronization
import SystemPackage

extension SpoolNode {
    /// What became of a job directory that this node wanted.
    package enum Claim: Sendable {
        /// It is this node's, and can go on; with the records of its history; of a long one with the last part.
        case owned(OwnedJob, [HistoryRecord])
        /// Its history had it elsewhere already; now it lies there. With the records as above.
        case settled(JobReplay, [HistoryRecord])
        /// It had not been accepted: the drop is back in its inbox.
        case returned(queue: String)
        /// Somebody was faster.
        case gone
        /// It cannot be read; it was left where it is.
        case unreadable(JobName, reason: String)
    }

    /// Takes a job from `deferred/`, appends `claimed` (synced with the next record) and hands it over.
    ///
    /// - Parameter show: Is shown all parts of a long history but the last.
    package func claimDeferred(
        _ job: JobName,
        due: Timestamp,
        show: HistoryFold.Show? = nil
    ) async throws -> Claim {
        try await withRoom { try await claimDeferredNow(job, due: due, show) }
    }

    private func claimDeferredNow(_ job: JobName, due: Timestamp, _ show: HistoryFold.Show?) async throws -> Claim {
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
        case .held, .ended: return try await settle(owned, records)
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

    /// Takes a job directory from anywhere into this node's hands, for what a person asked; nil when it is not there.
    ///
    /// Nothing is appended: the caller commits what was asked, and that moves it on. The move to here is on disk by
    /// then: else a power cut could leave a history that has the answer in `held/`, where nobody asks for it any more.
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
    /// What is here already is in this node's hands, and a second pair would break its history; after the rename it
    /// could no longer be told from a rename whose answer was lost.
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

    /// This node's directory, made again when somebody removed it.
    func ownDirectory() throws(Errno) -> OpenFile {
        let (directory, changed) = try spool.ensuredDirectory(processing)
        for parent in changed { try Durability.syncNow(parent, fileSystem) }
        return directory
    }

    /// Opens a job that lies in this node's directory and reads its history.
    ///
    /// A torn tail is cut back to the last whole record; a history that somebody changed is refused.
    ///
    /// - Returns: The job, and the records of its history; of a long one the last part, and `show` is shown the others.
    func open(
        _ job: JobName,
        _ show: HistoryFold.Show? = nil
    ) throws -> (OwnedJob, [HistoryRecord]) {
        let (directory, history, fold) = try doing("opening \(job)") { () throws(Errno) in
            let directory = try fileSystem.open(job.description, in: spool.directory(processing), .jobDirectory)
            let history = try fileSystem.open(SpoolLayout.history, in: directory, .append)
            var fold = HistoryFold(of: job, show: show)
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

    /// Does what a crash left undone of a job whose history says that it belongs elsewhere.
    func settle(_ job: OwnedJob, _ records: [HistoryRecord]) async throws -> Claim {
        let replay = job.replay
        return try await withFiles(of: job) { open in
            let files = try await threads.run { [self] in
                try nameDrop(of: job, in: open.directory)
                if replay.life.isEnded { return try writeResult(of: job, open, replay) }
                // A retry may have been cut short before it took the old result away.
                try removeResult(of: job, open)
                // What it asks may not have been written down yet.
                if case .held(let hold) = replay.life.state, let request = hold.approval {
                    return [try write(request, of: job, open)]
                }
                return []
            }
            try await durability.sync(files: files + [open.history], directories: [open.directory])
            try await move(job, to: replay.life.place)
            return .settled(replay, records)
        }
    }
}
