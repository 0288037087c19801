import Documents
import Glibc
package import JobIndex
import Jobs
import Spool

/// Where a spool's index lies, and which spool it belongs to.
package enum IndexLocation {
    /// The state directory of daemons that root starts, and of the commands beside them.
    private static let systemDirectory = "/var/lib/agentspool"

    /// The path when the configuration names none: in the spool, or on a local disk when the spool lies on a filesystem
    /// that other hosts share, which would damage SQLite's files.
    package static func standard(spool path: String) -> String {
        let own = "\(path)/index.sqlite"
        let fileSystem = LinuxFileSystem()
        guard !SpoolRoot.isLocal(path: path, fileSystem: fileSystem),
            let id = try? SpoolRoot(path: path, fileSystem: fileSystem).identity()
        else { return own }
        return "\(stateDirectory(of: id))/index.sqlite"
    }

    /// The system's where it exists or may be made, else the user's (XDG Base Directory Specification).
    private static func stateDirectory(of id: String) -> String {
        let system = "\(systemDirectory)/\(id)"
        let mayMake = access(systemDirectory, W_OK | X_OK) == 0
        if geteuid() == 0 || mayMake || access(system, R_OK | X_OK) == 0 { return system }
        let home = variable("HOME") ?? "/tmp"
        return "\(variable("XDG_STATE_HOME") ?? "\(home)/.local/state")/agentspool/\(id)"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return value.pointee == 0 ? nil : String(cString: value)
    }

    /// Makes the directory of the index when it is a standard one, and checks that the index may lie there.
    ///
    /// - Throws: `IndexError` when the filesystem may be shared by other hosts.
    package static func prepare(_ path: String, spool: String) throws(IndexError) {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        if path == standard(spool: spool), directory != spool { makeDirectories(directory) }
        guard access(directory, F_OK) == 0 else { return }
        if !SpoolRoot.isLocal(path: directory, fileSystem: LinuxFileSystem()) { throw .shared(path: path) }
    }

    private static func makeDirectories(_ path: String) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            // An existing directory is good; when one cannot be made, opening the index reports it.
            _ = mkdir(made, 0o755)
        }
    }

    /// Whether the owner still lies at its own path, as another directory than `path`: then the spool at `path` is a
    /// copy.
    package static func isCopied(_ owner: IndexOwner, to path: String) -> Bool {
        let fileSystem = LinuxFileSystem()
        guard let there = try? SpoolRoot(path: owner.path, fileSystem: fileSystem), let id = try? there.identity(),
            let known = try? fileSystem.status(of: there.root),
            let here = try? fileSystem.status(of: fileSystem.open(path, in: nil, .directory))
        else { return false }
        return id == owner.id && (known.device, known.inode) != (here.device, here.inode)
    }
}
