import Documents
import Glibc
import Synchronization
import SystemPackage

/// A job's directory for files that its tools keep: it exists while a call runs, and is removed after it when empty.
enum ArtifactsDirectory {
    /// Running calls by directory.
    ///
    /// Steps of a job may run at the same time and share the directory: the first to end must not remove it from the
    /// others. Process-wide, because it counts this process's own calls.
    private static let users = Mutex<[String: Int]>([:])

    /// Makes the directory, private to the daemon's user, unless it exists.
    ///
    /// - Throws: `Errno` of mkdir(2), or ENOTDIR when `path` is not a directory.
    static func acquire(_ path: String) throws(Errno) {
        try users.withLock { (users) throws(Errno) in
            if mkdir(path, 0o700) != 0 {
                let reason = Errno(rawValue: errno)
                guard reason == .fileExists else { throw reason }
                var status = stat()
                guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw .notDirectory }
            }
            users[path, default: 0] += 1
        }
    }

    /// Removes the directory when no other call uses it and it is empty.
    static func release(_ path: String) {
        users.withLock { users in
            let others = users[path, default: 1] - 1
            users[path] = others == 0 ? nil : others
            if others == 0 { _ = rmdir(path) }
        }
    }
}
