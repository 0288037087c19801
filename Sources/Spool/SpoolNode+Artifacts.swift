import SystemPackage

extension SpoolNode {
    /// Returns when the files that a job's steps left in `artifacts/` are on disk.
    ///
    /// A step is recorded as completed after this and not before: it is never run again to make them. Only its command
    /// knows which files it wrote and where below, so that the filesystem is synced as a whole, where there are any.
    ///
    /// - Throws: ``SyncFailure``.
    package func syncArtifacts(of job: OwnedJob) async throws {
        let areThere = try await withFiles(of: job) { files in
            try await threads.run {
                do throws(Errno) {
                    return try DirectoryListing(of: SpoolLayout.artifacts, in: files.directory).next() != nil
                } catch .noSuchFileOrDirectory {
                    return false
                } catch {
                    // Whatever a command made of it.
                    return true
                }
            }
        }
        if areThere { try await durability.syncFileSystem() }
    }
}
