import Documents
import Jobs
import SystemPackage
import Threads

extension SpoolNode {
    /// Completes an acceptance that an earlier run may not have reported, its sync included.
    ///
    /// - Returns: False when the drop must be taken back: a power cut before that sync lost its bytes but not its
    ///   record, or lost its idempotency key, and another job has the key now.
    func finishAccept(_ job: OwnedJob) async throws -> Bool {
        try await withFiles(of: job) { try await finishAccept(job, $0) }
    }

    private func finishAccept(_ job: OwnedJob, _ open: JobFiles) async throws -> Bool {
        guard let acceptance = job.replay.acceptance else { return false }
        let unsynced = try await threads.run { [self] () -> Unsynced? in
            try doing("looking at the drop of \(job.name)") { () throws(Errno) in
                try findUnsynced(acceptance, of: job, in: open.directory)
            }
        }
        if let unsynced {
            let mayBeTakenBack = job.replay.life.seq == 1
            if !unsynced.isIntact, mayBeTakenBack { return false }
            do {
                let (files, directories) = try await threads.run { [self] in try accepted(acceptance, job.name) }
                try await durability.sync(
                    files: [unsynced.drop, open.history].compactMap(\.self) + files,
                    directories: [open.directory] + directories
                )
            } catch is Rejection where mayBeTakenBack {
                // Another job has its key by now, because a power cut lost this one's.
                return false
            }
        }
        try await threads.run { [self] in
            if unsynced != nil {
                // The record names the owner, and is durable now.
                removeSubmission(Self.submissionIDs(of: job.name, bringsID: acceptance.turn != nil))
            }
            if let source = unsynced?.source { try removeSource(of: job.name, in: source) }
            try nameDrop(of: job, in: open.directory)
        }
        return true
    }

    /// A drop whose acceptance an earlier run may not have reported.
    private struct Unsynced {
        var drop: OpenFile?
        var isIntact: Bool
        /// The inbox on another filesystem in which it still lies.
        var source: OpenFile?
    }

    private func findUnsynced(
        _ acceptance: Acceptance,
        of job: OwnedJob,
        in directory: OpenFile
    ) throws(Errno) -> Unsynced? {
        let entry = Self.unacceptedEntry(of: acceptance)
        let isDropThere = try fileSystem.exists(entry, in: directory)
        let isNamed = try fileSystem.exists(acceptance.file, in: directory)
        let source = isDropThere || isNamed ? nil : try source(of: job.name, in: acceptance.queue)
        guard isDropThere || source != nil else { return nil }
        var name = isDropThere ? entry : nil
        for copy in [Self.ownCopy, acceptance.file] where try fileSystem.exists(copy, in: directory) { name = copy }
        guard let name else { return Unsynced(isIntact: false, source: source) }
        let drop = try fileSystem.open(name, in: directory, .read)
        let isIntact = try digest(of: drop).sha256 == acceptance.sha256
        return Unsynced(drop: drop, isIntact: isIntact, source: source)
    }

    /// What an acceptance changed besides the job's own directory.
    private func accepted(
        _ acceptance: Acceptance,
        _ job: JobName
    ) throws -> (files: [OpenFile], directories: [OpenFile]) {
        let key = try acceptance.idempotencyKey.map {
            try reserve($0, for: job, inputSHA256: acceptance.inputSHA256)
        }
        return try doing("opening what the acceptance of \(job) changed") { () throws(Errno) in
            var directories = [try spool.directory(processing)] + (key?.directories ?? [])
            // The inbox may have been removed since.
            do throws(Errno) {
                directories.append(try spool.directory(SpoolLayout.inbox(of: acceptance.queue)))
            } catch .noSuchFileOrDirectory {}
            return (key.map { [$0.file] } ?? [], directories)
        }
    }
}
