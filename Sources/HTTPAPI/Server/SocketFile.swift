import Glibc
import SystemPackage

/// A Unix socket that is bound and not yet accepted from.
struct SocketFile: ~Copyable {
    /// Why a socket could not be made, in a sentence without its full stop.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The connections that the kernel keeps until they are accepted.
    private static let backlog: Int32 = 1_024

    /// Binds a socket under a temporary name, listens, and renames it: there is no moment without a socket, and none
    /// with one that has the wrong mode.
    ///
    /// - Returns: The descriptor; the caller closes it.
    /// - Throws: ``Failure``, also when another daemon of this machine answers under that path.
    static func listen(at path: String, mode: UInt32) throws(Failure) -> CInt {
        let name = String(path.split(separator: "/").last ?? "api.sock")
        let directory = String(path.dropLast(name.utf8.count))
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw failure("opening \(directory)") }
        defer { close(parent) }
        // A path of a socket has 107 bytes at most (unix(7)); this one is short wherever the spool lies.
        let short = "/proc/self/fd/\(parent)"
        if answers("\(short)/\(name)") { throw Failure(description: "another daemon answers at \(path)") }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw failure("making a socket") }
        let temporary = ".\(name).\(getpid())"
        unlinkat(parent, temporary, 0)
        let isBound = withAddress("\(short)/\(temporary)") { bind(descriptor, $0, $1) } == 0
        guard isBound, fchmodat(parent, temporary, mode, 0) == 0, Glibc.listen(descriptor, backlog) == 0,
            renameat(parent, temporary, parent, name) == 0
        else {
            let failure = failure("making \(path)")
            unlinkat(parent, temporary, 0)
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: "\(what): \(Errno(rawValue: errno))")
    }

    /// Whether a process accepts connections there.
    private static func answers(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // EAGAIN says that the queue of connections is full.
        return withAddress(path) { connect(descriptor, $0, $1) } == 0 || errno == EAGAIN
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            errno = ENAMETOOLONG
            return -1
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
