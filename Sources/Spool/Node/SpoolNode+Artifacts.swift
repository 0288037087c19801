import SystemPackage
import Threads

extension SpoolNode {
    /// Returns when the files that a job's steps left in `artifacts/` are on disk.
    ///
    /// A step is recorded as completed only after this, because it never runs again to make them. Only its command
    /// knows which files it wrote and where, so the whole filesystem is synced when there are any.
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
                    // A command may have put anything in its place.
                    return true
                }
            }
        }
        if areThere { try await durability.syncFileSystem() }
    }
}
