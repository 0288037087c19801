import Glibc

/// The limit of the descriptors that this process may have.
enum DescriptorLimit {
    /// What is not limited counts as so many.
    private static let max: rlim_t = 1 << 20

    /// Raises the soft limit to the hard one: it is for programs that use select(2).
    ///
    /// - Returns: The limit that holds now.
    static func raise() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        var raised = limit
        raised.rlim_cur = raised.rlim_max
        if setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(Swift.min(limit.rlim_cur, max))
    }
}
