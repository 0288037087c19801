import CLinux
import Documents
import Glibc
package import SystemPackage

extension OpenFlags {
    /// Another process may have put a link or a pipe in a file's place: opening neither follows nor waits.
    private static let careful = O_NOFOLLOW | O_NONBLOCK

    package static let read = OpenFlags(rawValue: O_RDONLY | careful)
    /// For files that the administrator made.
    package static let followLinks = OpenFlags(rawValue: O_RDONLY)
    /// As ``followLinks``, without waiting for a pipe in the file's place.
    package static let followLinksAtOnce = OpenFlags(rawValue: O_RDONLY | O_NONBLOCK)
    package static let directory = OpenFlags(rawValue: O_RDONLY | O_DIRECTORY)
    /// A link to a directory is no job.
    package static let jobDirectory = OpenFlags(rawValue: O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    /// O_EXCL: fails when the name is taken.
    package static let create = OpenFlags(rawValue: O_WRONLY | O_CREAT | O_EXCL | careful)
    package static let replace = OpenFlags(rawValue: O_WRONLY | O_CREAT | O_TRUNC | careful)
    package static let append = OpenFlags(rawValue: O_RDWR | O_CREAT | O_APPEND | careful)
    /// As ``append``, of a file that must be there.
    package static let appendAgain = OpenFlags(rawValue: O_RDWR | O_APPEND | careful)
    package static let update = OpenFlags(rawValue: O_RDWR | O_CREAT | careful)
}

/// The real syscalls. Every descriptor is O_CLOEXEC, so that no tool inherits a lock or a history.
package struct LinuxFileSystem: FileSystem {
    package init() {}

    private func check(_ result: Int32) throws(Errno) {
        if result < 0 { throw Errno(rawValue: errno) }
    }

    package func open(
        _ name: String,
        in directory: OpenFile?,
        _ flags: OpenFlags,
        mode: UInt32
    ) throws(Errno) -> OpenFile {
        while true {
            let descriptor = openat(directory?.descriptor ?? AT_FDCWD, name, flags.rawValue | O_CLOEXEC, mode)
            if descriptor >= 0 { return OpenFile(descriptor: descriptor) { _ = Glibc.close($0) } }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    package func openRaw(_ name: [UInt8], in directory: OpenFile, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        let name = name.map { CChar(bitPattern: $0) } + [0]
        while true {
            let descriptor = openat(directory.descriptor, name, flags.rawValue | O_CLOEXEC, 0)
            if descriptor >= 0 { return OpenFile(descriptor: descriptor) { _ = Glibc.close($0) } }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    package func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(Errno) {
        try check(mkdirat(directory.descriptor, name, mode))
    }

    package func rename(
        _ name: String,
        in source: OpenFile,
        to target: String,
        in destination: OpenFile
    ) throws(Errno) {
        try check(renameat(source.descriptor, name, destination.descriptor, target))
    }

    package func renameRaw(
        _ name: [UInt8],
        in source: OpenFile,
        to target: String,
        in destination: OpenFile
    ) throws(Errno) {
        let name = name.map { CChar(bitPattern: $0) } + [0]
        try check(renameat(source.descriptor, name, destination.descriptor, target))
    }

    package func link(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try check(linkat(directory.descriptor, name, directory.descriptor, target, 0))
    }

    package func renameToFreeName(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try check(clinux_rename_to_free_name(directory.descriptor, name, target))
    }

    package func setMode(of file: OpenFile, to mode: UInt32) throws(Errno) { try check(fchmod(file.descriptor, mode)) }

    package func setGroup(of file: OpenFile, to group: UInt32) throws(Errno) {
        try check(fchown(file.descriptor, uid_t.max, group))
    }

    package func unlink(_ name: String, in directory: OpenFile) throws(Errno) {
        try check(unlinkat(directory.descriptor, name, 0))
    }

    package func removeDirectory(_ name: String, in directory: OpenFile) throws(Errno) {
        try check(unlinkat(directory.descriptor, name, AT_REMOVEDIR))
    }

    package func status(of name: String, in directory: OpenFile) throws(Errno) -> FileStatus {
        var status = stat()
        try check(fstatat(directory.descriptor, name, &status, AT_SYMLINK_NOFOLLOW))
        return FileStatus(status)
    }

    package func status(of file: OpenFile) throws(Errno) -> FileStatus {
        var status = stat()
        try check(fstat(file.descriptor, &status))
        return FileStatus(status)
    }

    package func read(_ file: OpenFile, at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            repeat {
                let result = pread(file.descriptor, buffer.baseAddress, count, off_t(offset))
                filled = max(0, result)
                failure = result < 0 ? Errno(rawValue: errno) : nil
            } while failure == .interrupted
        }
        if let failure { throw failure }
        return bytes
    }

    package func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile, at offset: Int?) throws(Errno) -> Int {
        while true {
            let count = bytes.withUnsafeBytes { buffer in
                if let offset { return pwrite(file.descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
                return Glibc.write(file.descriptor, buffer.baseAddress, buffer.count)
            }
            if count >= 0 { return count }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    package func truncate(_ file: OpenFile, to length: Int) throws(Errno) {
        try check(ftruncate(file.descriptor, off_t(length)))
    }

    package func sync(_ file: OpenFile, _ kind: SyncKind) throws(Errno) {
        switch kind {
        case .data: try check(fdatasync(file.descriptor))
        case .all: try check(fsync(file.descriptor))
        case .fileSystem: try check(clinux_syncfs(file.descriptor))
        }
    }

    package func hasNoWriter(_ file: OpenFile) throws(Errno) -> Bool {
        if clinux_has_no_writer(file.descriptor) == 0 { return true }
        if errno == EAGAIN { return false }
        throw Errno(rawValue: errno)
    }

    package func isLocal(_ file: OpenFile) -> Bool {
        LocalFileSystems.include(clinux_filesystem_type(file.descriptor))
    }
}

extension FileStatus {
    fileprivate init(_ status: stat) {
        self.init(
            kind: Kind(mode: status.st_mode),
            size: Int(status.st_size),
            links: Int(status.st_nlink),
            uid: status.st_uid,
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec),
            changed: Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
        )
    }
}

extension FileStatus.Kind {
    fileprivate init(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symbolicLink
        default: self = .other
        }
    }
}
