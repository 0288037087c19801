import Documents
package import SystemPackage

/// The syscalls that the spool makes, and no others: the seam at which a test breaks the disk.
///
/// Every name is relative to a directory's descriptor. Errors are the bare `Errno`; the caller knows what they mean.
package protocol FileSystem: Sendable {
    func open(_ name: String, in directory: OpenFile?, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> OpenFile
    /// As ``open(_:in:_:mode:)``, for a name in an inbox that need not be UTF-8.
    func openRaw(_ name: [UInt8], in directory: OpenFile, _ flags: OpenFlags) throws(Errno) -> OpenFile
    func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(Errno)
    func rename(_ name: String, in source: OpenFile, to target: String, in destination: OpenFile) throws(Errno)
    /// As ``rename(_:in:to:in:)``, for a name in an inbox that need not be UTF-8.
    func renameRaw(_ name: [UInt8], in source: OpenFile, to target: String, in destination: OpenFile) throws(Errno)
    /// Gives a file a second name in its directory; EEXIST when that is taken.
    func link(_ name: String, to target: String, in directory: OpenFile) throws(Errno)
    /// Renames a file in its directory; EEXIST when the name is taken, EINVAL where the filesystem cannot do that.
    func renameToFreeName(_ name: String, to target: String, in directory: OpenFile) throws(Errno)
    func setMode(of file: OpenFile, to mode: UInt32) throws(Errno)
    func setGroup(of file: OpenFile, to group: UInt32) throws(Errno)
    func unlink(_ name: String, in directory: OpenFile) throws(Errno)
    func removeDirectory(_ name: String, in directory: OpenFile) throws(Errno)
    /// Never follows a symbolic link.
    func status(of name: String, in directory: OpenFile) throws(Errno) -> FileStatus
    func status(of file: OpenFile) throws(Errno) -> FileStatus
    /// Up to `count` bytes from `offset`; empty at the end.
    func read(_ file: OpenFile, at offset: Int, count: Int) throws(Errno) -> [UInt8]
    /// One write(2) at the end of a file that was opened to append, or at `offset`; may write less than all.
    func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile, at offset: Int?) throws(Errno) -> Int
    func truncate(_ file: OpenFile, to length: Int) throws(Errno)
    func sync(_ file: OpenFile, _ kind: SyncKind) throws(Errno)
    /// False when some process has the file open for writing; throws where the kernel cannot tell. The answer is right
    /// on local filesystems only: NFS reports a writer when it does not know, FUSE reports none.
    func hasNoWriter(_ file: OpenFile) throws(Errno) -> Bool
    /// Whether the filesystem that the file lies on belongs to this machine alone.
    func isLocal(_ file: OpenFile) -> Bool
}

package enum SyncKind: Sendable {
    /// fdatasync(2)
    case data
    /// fsync(2)
    case all
    /// syncfs(2): the whole filesystem that the file lies on
    case fileSystem
}

package struct OpenFlags: OptionSet, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }
}

/// What fstat(2) says of a file.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable {
        case regular, directory, symbolicLink, other
    }

    package var kind: Kind
    package var size: Int
    package var links: Int
    package var uid: UInt32
    package var device: UInt64
    package var inode: UInt64
    /// Nanoseconds since 1970.
    package var modified: Int64
    /// Nanoseconds since 1970.
    package var changed: Int64

    func isSameFile(as other: FileStatus) -> Bool { (device, inode) == (other.device, other.inode) }
}

/// A file descriptor that closes itself.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    private let close: @Sendable (Int32) -> Void

    package init(descriptor: Int32, close: @escaping @Sendable (Int32) -> Void) {
        self.descriptor = descriptor
        self.close = close
    }

    deinit { close(descriptor) }
}
