import CLinux
import Glibc
import Synchronization

/// The limit of the descriptors that this process may have, and that the commands get.
package enum DescriptorLimit {
    /// What is not limited counts as so many.
    private static let max: rlim_t = 1 << 20
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    /// The soft limit before this process raised it.
    private static let former = Mutex<rlim_t?>(nil)

    /// Raises the soft limit to the hard one.
    ///
    /// - Returns: The limit that holds now.
    package static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        if setrlimit(resource, &raised) == 0 {
            former.withLock { [soft = limit.rlim_cur] former in former = former ?? soft }
            limit = raised
        }
        return Int(Swift.min(limit.rlim_cur, max))
    }

    /// Gives a process that this one has started the soft limit of before: select(2) fails on a descriptor above 1,023,
    /// and some programs close every descriptor up to the limit when they start.
    static func lower(for process: pid_t) {
        // Best effort: a process that has ended needs none.
        if let former = former.withLock(\.self) { _ = clinux_limit_open_files(process, UInt64(former)) }
    }
}
