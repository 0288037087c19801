import SystemPackage

extension SpoolRoot {
    /// Returns when all that a job's history says now is durable; false when it is gone from there.
    ///
    /// A record can be read before its node has synced it. A program that is no node and reports the record calls this
    /// first: a power cut must not undo what was reported.
    package func syncHistory(of location: JobLocation) throws(SpoolError) -> Bool {
        try doing("syncing the history of \(location.job)") { () throws(Errno) in
            do throws(Errno) {
                let directory = try fileSystem.open(location.path, in: root, .directory)
                try Durability.syncNow(fileSystem.open(SpoolLayout.history, in: directory, .read), fileSystem)
                return true
            } catch .noSuchFileOrDirectory {
                return false
            }
        }
    }
}
