import SystemPackage

extension SpoolRoot {
    /// Returns when all that a job's history says now is on disk; false when it is gone from there.
    ///
    /// A record can be read before the node that wrote it has synced it. Who tells a person that it is so, and is no
    /// node, makes sure first: a power cut must not undo what somebody was told.
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
