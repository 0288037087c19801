import Spool

/// Divides the process's descriptors among its parts, so that no part runs out because of another.
package struct DescriptorBudget: Sendable, Equatable {
    /// What the program has open beside jobs, calls and commands: the index, directories of the spool, inotify, the
    /// network, its threads' eventfds, the start of one command.
    private static let own = 96
    /// The directory and the history of an open job.
    private static let ofOpenJob = 2
    /// What is open in addition while a drop is accepted or a job is taken over.
    private static let ofArrival = 3

    /// The limit of the process (`RLIMIT_NOFILE`).
    package let limit: Int
    /// The most jobs whose files are open at the same time.
    package let openJobs: Int
    /// The most descriptors that calls of models and commands may have together.
    package let calls: Int

    /// - Parameter limit: The limit of the process.
    package init(limit: Int) {
        self.limit = limit
        openJobs = min(SpoolNode.openJobsMax, max(8, limit / 16))
        let results = min(64, limit / 16)
        let kept = Self.own + openJobs * Self.ofOpenJob + openJobs / 2 * Self.ofArrival + results
        calls = max(4, limit - kept)
    }
}
