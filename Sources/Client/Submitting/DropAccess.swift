import Glibc
import Spool
import SystemPackage

/// Lets the daemon read a drop that another user writes, whatever that user's umask is.
struct DropAccess {
    let spool: SpoolRoot
    /// The directory that the drop goes into.
    let inbox: OpenFile

    /// Gives the file to the inbox's group with mode 0640 where the daemon is in that group, else mode 0644.
    ///
    /// A drop of the daemon's own user stays as it is. The directories on the way decide who else reaches the file.
    ///
    /// - Throws: `EPERM` when the file's mode cannot be changed: the daemon could not read it.
    func open(_ file: OpenFile) throws(Errno) {
        let daemon = try owner
        if daemon == geteuid() { return }
        let fileSystem = spool.fileSystem
        if let group = group(of: inbox), reads(daemon, group) {
            do throws(Errno) {
                try fileSystem.setGroup(of: file, to: group)
                return try fileSystem.setMode(of: file, to: 0o640)
            } catch {
                // The submitter is in no such group, or the filesystem keeps no groups.
            }
        }
        try fileSystem.setMode(of: file, to: 0o644)
    }

    /// The daemon's user, who owns the directories of jobs; before the first start that of the spool.
    private var owner: UInt32 {
        get throws(Errno) {
            do throws(Errno) {
                return try spool.fileSystem.status(of: SpoolLayout.processing, in: spool.root).uid
            } catch .noSuchFileOrDirectory {
                return try spool.fileSystem.status(of: spool.root).uid
            }
        }
    }

    private func group(of directory: OpenFile) -> gid_t? {
        var status = stat()
        return fstat(directory.descriptor, &status) == 0 ? status.st_gid : nil
    }

    /// Whether the user reads what the group may read.
    private func reads(_ user: UInt32, _ group: gid_t) -> Bool {
        if user == 0 { return true }
        guard let name = UserNames.nameOfGroup(Int(group)) else { return false }
        return UserNames.groups(of: Int(user)).contains(name)
    }
}
