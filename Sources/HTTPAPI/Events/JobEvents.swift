import Client
import Jobs
import Spool

/// The events of one job for one reader, from its history.
actor JobEvents {
    private let job: JobID
    private let spool: SpoolRoot
    private var tail: HistoryTail
    private var isReset = false
    private var hasEnded = false

    /// - Parameter last: The id of the last event that the reader has seen; with one that is none it gets the event
    ///   `reset`, and all records from the first on.
    init(_ spool: SpoolRoot, _ job: JobName, after last: String?) {
        (self.job, self.spool) = (job.id, spool)
        let parts = last?.split(separator: ".").compactMap { Int($0) } ?? []
        isReset = last != nil && parts.count != 2
        tail = HistoryTail(spool, job, after: parts.count == 2 ? parts[1] : 0)
    }

    /// The events since the last call; nil when the job has ended and all are given.
    func next() throws -> [EventStream.Event]? {
        if isReset {
            isReset = false
            return [EventStream.Event(name: "reset", data: "{}")]
        }
        if hasEnded { return nil }
        let records = try tail.next() ?? []
        hasEnded = tail.hasEnded
        if hasEnded, records.isEmpty { return nil }
        return records.map { RecordEvent.event($0, job: job) }
    }
}
