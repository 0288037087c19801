import Glibc

/// Listening sockets that systemd passes to the daemon, sd_listen_fds(3).
package enum PassedSockets {
    /// The first of them, SD_LISTEN_FDS_START.
    private static let first: CInt = 3

    /// The descriptors; none where they are meant for another process.
    ///
    /// - Parameters:
    ///   - environment: Of it, LISTEN_PID and LISTEN_FDS are read.
    ///   - process: This process's id.
    package static func descriptors(_ environment: [String: String], process: CInt = getpid()) -> [CInt] {
        guard environment["LISTEN_PID"].flatMap(CInt.init) == process,
            let count = environment["LISTEN_FDS"].flatMap(CInt.init), (1...64).contains(count)
        else { return [] }
        return (first..<first + count).filter { descriptor in
            // No tool may inherit them; and the event loop must never wait in accept(2).
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
                && fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0
        }
    }
}
