import Documents
import Jobs
import Synchronization
import SystemPackage
import Threads

extension SpoolNode {
    /// Runs `body` with the files of a job open.
    ///
    /// - Throws: What `body` throws; ``SpoolError`` when the files cannot be opened again, or another process has
    ///   replaced the history or written to it.
    func withFiles<Value>(of job: OwnedJob, _ body: (JobFiles) async throws -> Value) async throws -> Value {
        let files = try await openJobs.begin(job) { try await threads.run { [self] in try openAgain(job) } }
        defer { openJobs.end(job) }
        return try await body(files)
    }

    /// Runs `body`, which accepts a drop or opens a job, as soon as there is room for one more.
    func withRoom<Value>(_ body: () async throws -> Value) async throws -> Value {
        let room = try await openJobs.room(for: .job)
        defer { room.leave() }
        return try await body()
    }

    /// Opens the files again; refuses a history that the node that took the job over has replaced (`renewHistory`). The
    /// new one may have the old inode number, but then it is longer.
    private func openAgain(_ job: OwnedJob) throws(SpoolError) -> JobFiles {
        let action = "opening the history of \(job.name)"
        if job.isClosed { throw SpoolError(action, .badFileDescriptor, advice: "The job is no longer this node's") }
        let (files, isSame) = try doing(action) { () throws(Errno) in
            let directory = try fileSystem.open(job.name.description, in: spool.directory(processing), .jobDirectory)
            let history = try fileSystem.open(SpoolLayout.history, in: directory, .appendAgain)
            // Another task may append now, through its own descriptor, and holds the lock until the length is updated.
            let isSame = try job.state.withLock { state throws(Errno) in
                let status = try fileSystem.status(of: history)
                guard let file = state.file else { return false }
                return file == (status.device, status.inode) && status.size == state.length
            }
            return (JobFiles(directory: directory, history: history), isSame)
        }
        guard isSame else {
            throw SpoolError(action, .staleNFSFileHandle, advice: "Another process has replaced it or written to it")
        }
        return files
    }
}
