import Spool

/// How the descriptors that the process may have are shared out, so that none of its parts finds the last one taken.
package struct DescriptorShares: Sendable, Equatable {
    /// What the program has open beside jobs, calls and commands: the index, directories of the spool, inotify, the
    /// network, its threads' bells, the start of one command.
    private static let own = 96
    /// The directory and the history of an open job.
    private static let ofOpenJob = 2
    /// What is open beside those while a drop is accepted or a job taken over.
    private static let ofArrival = 3

    /// The limit of the process (`RLIMIT_NOFILE`).
    package let limit: Int
    /// Jobs whose files are open at the same time.
    package let openJobs: Int
    /// What calls of models and commands may hold together.
    package let calls: Int

    /// - Parameter limit: The process's.
    package init(limit: Int) {
        self.limit = limit
        openJobs = min(SpoolNode.openJobsMax, max(8, limit / 16))
        let results = min(64, limit / 16)
        let kept = Self.own + openJobs * Self.ofOpenJob + openJobs / 2 * Self.ofArrival + results
        calls = max(4, limit - kept)
    }
}
