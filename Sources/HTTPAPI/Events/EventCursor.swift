import Documents
import Jobs

/// A place in the stream of all events: time, job and record. It stays right when the index is made anew.
struct EventCursor: Sendable, Hashable, Comparable, CustomStringConvertible {
    let at: Timestamp
    let job: JobID
    let epoch: Int
    let seq: Int

    init(_ record: HistoryRecord, _ job: JobID) {
        (at, self.job, epoch, seq) = (record.at, job, record.epoch, record.seq)
    }

    /// Reads what ``description`` wrote; nil for all else.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let time = Int64(parts[0]), (0...253_402_300_799_999).contains(time),
            let job = JobID(String(parts[1])), let epoch = Int(parts[2]), let seq = Int(parts[3])
        else { return nil }
        (at, self.job, self.epoch, self.seq) = (Timestamp(milliseconds: time), job, epoch, seq)
    }

    var description: String { "\(at.milliseconds).\(job).\(epoch).\(seq)" }

    static func < (left: EventCursor, right: EventCursor) -> Bool {
        (left.at.milliseconds, left.job.text, left.seq) < (right.at.milliseconds, right.job.text, right.seq)
    }
}
