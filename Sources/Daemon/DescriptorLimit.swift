import Glibc

/// The process's limit of open descriptors.
enum DescriptorLimit {
    /// A larger limit, or none, counts as this one.
    private static let max: rlim_t = 1 << 20

    /// Raises the soft limit to the hard one: the soft one protects programs that use select(2).
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
