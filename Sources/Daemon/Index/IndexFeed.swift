import Documents
import Engine
import JobIndex
import Jobs

/// Passes every event of every job to the index.
struct IndexFeed: JobObserver {
    let writer: IndexWriter

    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord) {
        if let update = IndexUpdate.update(for: replay, records: [record]) { writer.record(update) }
    }

    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord]) {
        if let update = IndexUpdate.update(for: replay, records: records) { writer.record(update) }
    }

    func jobWaits(_ job: JobID, why: String?, seq: Int) {
        writer.record(.waits(job: job.text, why: why.map(JobSummary.short), seq: seq))
    }

    func dropRejected(_ row: JobSummary) { writer.record(.rejected(row)) }

    func recordsMayBeMissing() { writer.noteLoss() }
}
