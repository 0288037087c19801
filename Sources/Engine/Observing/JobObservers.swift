import Documents
import Jobs

/// Passes every event to each of its observers, in their order.
struct JobObservers: JobObserver {
    private let observers: [any JobObserver]

    init(_ observers: [any JobObserver]) { self.observers = observers }

    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord) {
        for observer in observers { observer.jobChanged(replay, record) }
    }

    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord]) {
        for observer in observers { observer.jobSeen(replay, records) }
    }

    func jobWaits(_ job: JobID, why: String?, seq: Int) {
        for observer in observers { observer.jobWaits(job, why: why, seq: seq) }
    }

    func dropRejected(_ row: JobSummary) {
        for observer in observers { observer.dropRejected(row) }
    }

    func recordsMayBeMissing() {
        for observer in observers { observer.recordsMayBeMissing() }
    }
}
