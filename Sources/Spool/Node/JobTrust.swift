import Documents
import Glibc
package import Jobs
import SystemPackage

/// A job directory that cannot be used as it is. It stays for the operator to see, and no other job waits for it.
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
    /// Checks that a directory may be trusted as a job (docs/filesystem-rules.md, rule 31).
    ///
    /// The daemon's user must own it and the files that are read from it, and its history must have no second hard
    /// link: a user that can write a history can run any command.
    ///
    /// - Throws: ``UnreadableJob``; ``SpoolError``. Nothing when the directory is gone.
    func checkTrust(in name: String, of directory: String, as job: JobName) throws {
        let reason = try doing("looking at \(directory)/\(name)") { () throws(Errno) -> String? in
            do throws(Errno) {
                // A file server may show the daemon's files as another user's.
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
            // Nothing is decided by other files. A drop that is not accepted yet belongs to its submitter.
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
            if status.size > StreamingReplay.fileMax {
                return "has a history of \(status.size) bytes, which is too large"
            }
        }
        return nil
    }

    private func distrust(of status: FileStatus, _ own: [UInt32], _ what: String = " it belongs to") -> String? {
        if own.contains(status.uid) { return nil }
        let (owner, user) = (UserNames.name(of: Int(status.uid)), UserNames.name(of: Int(effectiveUserID)))
        return "is not believed, because\(what) \(owner) and not to \(user); if it is good, chown -R it"
    }
}
