import Documents
package import Jobs
import Synchronization
import SystemPackage
import Threads

/// A job that has ended or is held, opened where it lies by the node that has its mark.
package struct RestingJob: Sendable {
    package let location: JobLocation
    let job: OwnedJob
    let files: JobFiles

    /// What the history says now.
    package var replay: JobReplay { job.replay }
    /// Absolute path of the job's directory.
    package var path: String { job.path }
}

extension SpoolNode {
    /// Opens a job where it lies, to record what becomes of its delivery; nil when it is gone from there.
    ///
    /// The caller has the job's mark in hand. A torn tail is cut off.
    ///
    /// - Throws: ``UnreadableJob``, ``SpoolError``.
    package func openResting(_ location: JobLocation) async throws -> RestingJob? {
        let job = location.job
        return try await threads.run { [self] in
            try checkTrust(in: location.entry, of: location.directory, as: job)
            let opened = try doing("opening \(location.path)") {
                () throws(Errno) -> (files: JobFiles, fold: StreamingReplay)? in
                do throws(Errno) {
                    let directory = try fileSystem.open(location.path, in: spool.root, .jobDirectory)
                    let history = try fileSystem.open(SpoolLayout.history, in: directory, .appendAgain)
                    var fold = StreamingReplay(of: job)
                    try fold.read(history, fileSystem)
                    return (JobFiles(directory: directory, history: history), fold)
                } catch .noSuchFileOrDirectory {
                    return nil
                }
            }
            guard let (files, fold) = opened else { return nil }
            if case .brokenLine(let line) = fold.reader.defect {
                let reason = "has a history of which line \(line) does not fit the chain"
                throw UnreadableJob(job, "in \(location.directory)/ \(reason): agentspool verify \(job.id) says more")
            }
            if fold.reader.defect != nil {
                try doing("cutting the torn tail of the history of \(job)") { () throws(Errno) in
                    try fileSystem.truncate(files.history, to: fold.reader.validLength)
                }
            }
            let state = OwnedJob.State(
                replay: fold.replay,
                chain: fold.reader.chain,
                length: fold.reader.validLength
            )
            let owned = OwnedJob(name: job, path: "\(spool.path)/\(location.path)", state: state)
            return RestingJob(location: location, job: owned, files: files)
        }
    }

    /// Records what became of a delivery or a hook; synced when this returns.
    ///
    /// - Throws: `IllegalTransition`, ``SpoolError``, ``SyncFailure``.
    package func record(_ event: DeliveryEvent, on resting: RestingJob) async throws -> (HistoryRecord, JobReplay) {
        let now = clock.now
        let result = try await threads.run { [self] in
            try resting.job.state.withLock { state in
                let transition = try state.replay.life.decide(.deliver(event), at: now)
                return try append(transition.event, to: resting.job, resting.files, &state, at: now)
            }
        }
        try await durability.sync(files: [resting.files.history])
        return result
    }
}
