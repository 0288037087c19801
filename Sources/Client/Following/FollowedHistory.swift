import Jobs

/// The history of one job as it grows, in whole lines.
struct FollowedHistory {
    private let job: JobName
    private var reader = HistoryReader()
    private(set) var replay: JobReplay
    /// How many bytes of the file were read; it ends a line.
    private(set) var offset = 0
    /// The last record that was given.
    private(set) var last: (epoch: Int, seq: Int)?

    init(_ job: JobName) {
        self.job = job
        replay = JobReplay(name: job)
    }

    /// Takes the lines from ``offset`` on, and gives their records.
    ///
    /// - Returns: Nil when they do not go on from what was read before: a take-over cut a torn line off. The next lines
    ///   are then those of the whole file; its records that were given before are not given again.
    mutating func add(_ lines: [UInt8]) -> [JobFollowing.Entry]? {
        var entries: [JobFollowing.Entry] = []
        let start = offset
        reader.read(lines) { record, range in
            let line = lines[(range.lowerBound - start)..<(range.upperBound - start)]
            let text = line.last == UInt8(ascii: "\n") ? line.dropLast() : line
            entries.append(JobFollowing.Entry(record: record, line: String(decoding: text, as: UTF8.self)))
        }
        if reader.defect != nil {
            (reader, replay, offset) = (HistoryReader(), JobReplay(name: job), 0)
            return nil
        }
        offset += lines.count
        for entry in entries { replay.apply(entry.record) }
        entries = entries.filter { $0.record.seq > last?.seq ?? 0 }
        if let record = entries.last?.record { last = (record.epoch, record.seq) }
        return entries
    }
}
