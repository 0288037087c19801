import CLinux
import Documents
import Glibc
package import SystemPackage

/// The names in a directory, read a part at a time, so that a million of them cost no memory.
///
/// While another process renames in the directory, a name may be missing or come twice (readdir(3)): callers conclude
/// nothing from a name's absence. Not to be shared between threads.
package final class DirectoryListing {
    // A DIR is an incomplete type to Swift.
    private let stream: OpaquePointer
    private var isAtEnd = false

    /// Opens the directory `path` inside `directory`.
    package init(of path: String, in directory: OpenFile) throws(Errno) {
        let descriptor = openat(directory.descriptor, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        guard let stream = fdopendir(descriptor) else {
            let error = Errno(rawValue: errno)
            close(descriptor)
            throw error
        }
        self.stream = stream
    }

    deinit { closedir(stream) }

    /// The next name that is not `.` or `..`, as bytes: a name need not be UTF-8. Nil at the end.
    package func next() throws(Errno) -> [UInt8]? {
        while !isAtEnd {
            errno = 0
            guard let entry = readdir(stream) else {
                let error = errno
                isAtEnd = true
                if error != 0 { throw Errno(rawValue: error) }
                return nil
            }
            guard let name = clinux_dirent_name(entry) else { continue }
            let bytes = Array(UnsafeBufferPointer(start: name, count: strlen(name))).map { UInt8(bitPattern: $0) }
            if bytes != [0x2E], bytes != [0x2E, 0x2E] { return bytes }
        }
        return nil
    }

    /// When a file in this directory was last written, in nanoseconds since 1970; nil when fstatat(2) fails.
    package func modified(_ name: [UInt8]) -> Int64? {
        var status = stat()
        let isTold = (name + [0]).withUnsafeBytes { bytes in
            let name = bytes.bindMemory(to: CChar.self)
            guard let start = name.baseAddress else { return false }
            return fstatat(dirfd(stream), start, &status, AT_SYMLINK_NOFOLLOW) == 0
        }
        return isTold ? Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec) : nil
    }

    /// All names that are valid UTF-8, in no order; empty when there is no such directory, or a file has its name.
    package static func names(in path: String, of directory: OpenFile) throws(Errno) -> [String] {
        let listing: DirectoryListing
        do {
            listing = try DirectoryListing(of: path, in: directory)
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        }
        var names: [String] = []
        while let name = try listing.next() {
            if let text = String(validating: name, as: UTF8.self) { names.append(text) }
        }
        return names
    }
}
