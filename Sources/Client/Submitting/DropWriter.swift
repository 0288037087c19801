import Jobs
import Spool
import SystemPackage

/// Puts drops into an inbox as the contract for writers asks.
struct DropWriter: Sendable {
    let spool: SpoolRoot
    let queue: String

    /// Writes the drop aside and renames it, so that the daemon never sees half of it; it is on disk when this returns.
    func put(_ bytes: [UInt8], as job: JobName) throws(SpoolError) {
        do throws(Errno) {
            let staging = try spool.directory(SpoolLayout.staging)
            let inbox = try spool.directory(SpoolLayout.inbox(of: queue))
            do throws(Errno) {
                try put(bytes, as: job, job.description, in: staging, into: inbox)
            } catch .improperLink {
                // The inbox is on another filesystem: the drop is written into the inbox under a hidden name.
                try spool.fileSystem.unlink(job.description, in: staging)
                try put(bytes, as: job, ".\(job)", in: inbox, into: inbox)
            }
        } catch {
            throw SpoolError("putting the job into \(SpoolLayout.inbox(of: queue))", error)
        }
    }

    private func put(
        _ bytes: [UInt8],
        as job: JobName,
        _ aside: String,
        in staging: OpenFile,
        into inbox: OpenFile
    ) throws(Errno) {
        let fileSystem = spool.fileSystem
        let file = try fileSystem.open(aside, in: staging, .create, mode: 0o644)
        do throws(Errno) {
            try DropAccess(spool: spool, inbox: inbox).open(file)
            try write(bytes, to: file)
        } catch {
            // The name is this process's own: what is left of it would stay in tmp/.
            try? fileSystem.removeIfPresent(aside, in: staging)
            throw error
        }
        try fileSystem.rename(aside, in: staging, to: job.description, in: inbox)
        try Durability.syncNow(inbox, fileSystem)
    }

    private func write(_ bytes: [UInt8], to file: OpenFile) throws(Errno) {
        let fileSystem = spool.fileSystem
        try fileSystem.writeAll(bytes, to: file)
        try Durability.syncNow(file, fileSystem)
    }
}
