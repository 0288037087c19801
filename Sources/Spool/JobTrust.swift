import Glibc
package import Jobs
import SystemPackage

/// A job directory that cannot be used as it is. It is left for a person to see, and keeps nobody else waiting.
package struct UnreadableJob: Error, CustomStringConvertible {
    package var job: JobName
    /// Why, as a sentence that begins with the job.
    package var description: String

    init(_ job: JobName, _ reason: String) {
        self.job = job
        description = "\(job) \(reason)"
    }
}

extension SpoolNode {
    /// Sees that a directory may be believed to be a job: the daemon's user owns it and what is read of it
    /// (DESIGN section 4), and nobody has its history under another name. Who can write a history can run what he likes.
    ///
    /// - Throws: ``UnreadableJob``; ``SpoolError``. Not when the directory is gone.
    func checkTrust(in name: String, of directory: String, as job: JobName) throws {
        let reason = try doing("looking at \(directory)/\(name)") { () throws(Errno) -> String? in
            do throws(Errno) {
                // A server may give the daemon's files to another user than the daemon's own.
                let own = [effectiveUserID, try fileSystem.status(of: processing, in: spool.root).uid]
                return try distrust(of: "\(directory)/\(name)", own)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
        if let reason { throw UnreadableJob(job, "in \(directory)/ \(reason)") }
    }

    private func distrust(of path: String, _ own: [UInt32]) throws(Errno) -> String? {
        let status = try fileSystem.status(of: path, in: spool.root)
        guard status.kind == .directory else { return "is \(status.kind.name), not a job's directory" }
        if let reason = distrust(of: status, own) { return reason }
        let open = try fileSystem.open(path, in: spool.root, .jobDirectory)
        for entry in try DirectoryListing.names(in: path, of: spool.root) {
            // What else lies there is not read to decide anything. A drop that is not accepted yet is its submitter's.
            guard entry.hasPrefix(SpoolLayout.history) || entry == "job" || entry.hasPrefix("job.") else { continue }
            let status: FileStatus
            do throws(Errno) {
                status = try fileSystem.status(of: entry, in: open)
            } catch .noSuchFileOrDirectory {
                continue
            }
            if let reason = distrust(of: status, own, " its \(entry) belongs to") { return reason }
            guard entry.hasPrefix(SpoolLayout.history) else { continue }
            guard status.kind == .regular else { return "has a history that is \(status.kind.name)" }
            if status.links > 1 { return "has a history with \(status.links) hard links; copy it instead" }
            if status.size > HistoryFold.fileMax { return "has a history of \(status.size) bytes, which none has" }
        }
        return nil
    }

    private func distrust(of status: FileStatus, _ own: [UInt32], _ what: String = " it belongs to") -> String? {
        if own.contains(status.uid) { return nil }
        let (owner, user) = (UserNames.name(of: Int(status.uid)), UserNames.name(of: Int(effectiveUserID)))
        return "is not believed, because\(what) \(owner) and not to \(user); if it is good, chown -R it"
    }
}
