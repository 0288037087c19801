package import Jobs
package import Workflow

/// Who is told of everything that happens to jobs: the index. Never blocks and never fails.
package protocol JobObserver: Sendable {
    /// - Parameter replay: Of its steps an excerpt, see `JobReplay.excerpt(for:)`.
    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord)
    /// A job that was accepted, claimed or taken over: its history, a long one part by part.
    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord])
    /// What a running job waits for until its next record, whose number is above `seq`; nil when it waits no more.
    func jobWaits(_ job: JobID, why: String?, seq: Int)
    func dropRejected(_ row: JobSummary)
    /// Something may have been recorded that the observer was not shown: what it knows must be compared with the files.
    func recordsMayBeMissing()
}

/// Makes a job's recorded definition runnable.
package protocol WorkflowProvider: Sendable {
    /// - Throws: `Failure`, permanent, when the definition cannot be run here.
    func executable(_ definition: JSON, name: String) throws -> ExecutableWorkflow
}
