import CLinux
import Documents
import FoundationEssentials
import Glibc
import Jobs

/// The three files of the index (database, write-ahead log, shared memory) as the filesystem sees them.
struct IndexFiles: Sendable {
    let path: String

    /// Which file a path means: another one under the same name has another identity.
    struct Identity: Sendable, Equatable {
        var device: UInt64
        var inode: UInt64
        /// In bytes.
        var size: Int64
        var isRegular: Bool

        func isSameFile(as other: Identity) -> Bool { device == other.device && inode == other.inode }
    }

    var writeAheadLog: String { path + "-wal" }
    var sharedMemory: String { path + "-shm" }

    /// The database as a URI that promises SQLite that no process writes to it (sqlite.org/uri.html, `immutable`).
    var immutableLocation: String {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var escaped = ""
        for byte in absolute.utf8 {
            switch byte {
            case UInt8(ascii: "%"): escaped += "%25"
            case UInt8(ascii: "?"): escaped += "%3f"
            case UInt8(ascii: "#"): escaped += "%23"
            default: escaped.unicodeScalars.append(Unicode.Scalar(byte))
            }
        }
        return "file:\(escaped)?immutable=1"
    }

    var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    var identity: Identity? { Self.identity(of: path) }

    static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: Int64(status.st_size),
            isRegular: status.st_mode & S_IFMT == S_IFREG
        )
    }

    var directoryExists: Bool {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether the write-ahead log holds anything that the database may lack.
    var hasWriteAheadLog: Bool { (Self.identity(of: writeAheadLog)?.size ?? 0) > 0 }

    /// Makes the kernel start to write new data of the write-ahead log; best effort.
    ///
    /// The next flush of job files may write the whole filesystem, and would wait for that data, too. Only the log may
    /// be opened and closed beside SQLite, which has its locks on the other two files: a process loses its locks on a
    /// file when it closes any descriptor of it (fcntl(2)).
    func startWritingLog() {
        let descriptor = Glibc.open(writeAheadLog, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        _ = clinux_start_writing(descriptor)
        _ = Glibc.close(descriptor)
    }

    /// The first bytes of the database file: enough for SQLite's header, or fewer when the file is shorter.
    ///
    /// - Throws: ``IndexError`` when the file cannot be read.
    func header() throws(IndexError) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .inaccessible(path: path, reason: Self.reason(errno)) }
        defer { _ = Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: IndexHeader.length)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw .inaccessible(path: path, reason: Self.reason(errno)) }
        return Array(bytes.prefix(count))
    }

    /// Renames the files to `<path>.unusable-<time>` and removes those that were set aside before.
    ///
    /// - Returns: the new path.
    /// - Throws: ``IndexError`` when the database cannot be renamed.
    func setAside(at time: Timestamp) throws(IndexError) -> String {
        let target = "\(path).unusable-\(time.compactText)"
        if rename(path, target) != 0, errno != ENOENT {
            throw .inaccessible(path: path, reason: "it is unusable and cannot be renamed: \(Self.reason(errno))")
        }
        // The log gets the name that matches the database's, so that both can still be examined together.
        _ = unlink(target + "-wal")
        _ = rename(writeAheadLog, target + "-wal")
        _ = unlink(sharedMemory)
        removeSetAside(except: target)
        return target
    }

    /// Removes a log that was left without its database, so that a new database does not read it.
    func removeOrphans() {
        _ = unlink(writeAheadLog)
        _ = unlink(sharedMemory)
    }

    private func removeSetAside(except kept: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let keptName = kept.split(separator: "/").last.map(String.init) ?? kept
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        for old in names where old.hasPrefix("\(name).unusable-") && old != keptName && old != keptName + "-wal" {
            _ = unlink("\(directory)/\(old)")
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
