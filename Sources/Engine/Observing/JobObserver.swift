package import Documents
package import Jobs
package import Workflow

/// Receives every event of every job, as its history does: the index is one. Never blocks and never fails.
package protocol JobObserver: Sendable {
    /// - Parameter replay: Holds an excerpt of its steps, see `JobReplay.excerpt(for:)`.
    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord)
    /// The history of a job that was accepted, claimed or taken over; a long one comes part by part.
    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord])
    /// What a job waits for until its next record, whose number is above `seq`; nil when it no longer waits.
    func jobWaits(_ job: JobID, why: String?, seq: Int)
    func dropRejected(_ row: JobSummary)
    /// The observer may have missed a record: it must compare what it knows with the files.
    func recordsMayBeMissing()
}

/// Makes a job's recorded definition runnable.
package protocol WorkflowProvider: Sendable {
    /// - Throws: `Failure`, permanent, when the definition cannot be run here.
    func executable(_ definition: JSON, name: String) throws -> ExecutableWorkflow
}
