import Glibc
import Synchronization
import SystemPackage

/// A job's directory for files that its tools keep: there while a call runs, gone after it when nothing was kept.
enum ArtifactsDirectory {
    /// Running calls by directory. Steps of a job may run at the same time and share the directory: the first to end
    /// must not take it from the others. Process-wide, because what is counted are this process's own calls.
    private static let users = Mutex<[String: Int]>([:])

    /// Makes the directory, private to the daemon's user, unless it is there.
    ///
    /// - Throws: `Errno` of mkdir(2), also when `path` is something else than a directory.
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
