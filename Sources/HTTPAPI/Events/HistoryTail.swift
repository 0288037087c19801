import Jobs
import Spool

/// Reads the records of one job as its history grows, wherever its directory moves.
struct HistoryTail {
    private static let pieceSize = 256 << 10

    private let spool: SpoolRoot
    private let job: JobName
    private var reader = HistoryReader()
    private var replay: JobReplay
    private var offset = 0
    /// The number of the last record that was given.
    private var seq: Int

    /// - Parameter seq: Records up to this number are not wanted.
    init(_ spool: SpoolRoot, _ job: JobName, after seq: Int) {
        (self.spool, self.job, self.seq) = (spool, job, seq)
        replay = JobReplay(name: job)
    }

    /// Whether the job had ended by the last record.
    var hasEnded: Bool { replay.outcome != nil }

    /// The records since the last call; nil when the job is gone.
    ///
    /// - Throws: `SpoolError`.
    mutating func next() throws -> [HistoryRecord]? {
        guard let location = try spool.locate(job), let file = try spool.openHistory(of: location) else { return nil }
        if let records = try read(file) { return records }
        // A take-over cut a torn line off, and wrote on: what was read of that line is not there any more.
        (reader, replay, offset) = (HistoryReader(), JobReplay(name: job), 0)
        return try read(file) ?? []
    }

    /// Nil when the file does not go on from what was read before.
    private mutating func read(_ file: OpenFile) throws -> [HistoryRecord]? {
        var records: [HistoryRecord] = []
        while true {
            let piece = try spool.read(file, at: offset, count: Self.pieceSize, of: job)
            if piece.isEmpty { break }
            offset += piece.count
            reader.read(piece) { record, _ in records.append(record) }
        }
        if reader.defect != nil { return nil }
        for record in records { replay.apply(record) }
        records = records.filter { $0.seq > seq }
        if let last = records.last { seq = last.seq }
        return records
    }
}
