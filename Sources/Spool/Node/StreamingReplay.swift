import Documents
package import Jobs
import SystemPackage

/// Replays a history while it is read, so that memory never holds all of it.
package struct StreamingReplay {
    /// Called with the records of a history part by part, each with the replay up to the part's end. The last part,
    /// which is short, is not shown: the caller decides what to do with it.
    package typealias Show = @Sendable (_ replay: JobReplay, _ part: [HistoryRecord]) -> Void

    /// A part ends with the record that reaches either limit.
    private static let partRecordsMax = 1_024
    private static let partBytesMax = 4 << 20
    /// In bytes; a larger file is no history.
    static let fileMax = 1 << 36

    private(set) var replay: JobReplay
    private(set) var reader = HistoryReader()
    private let show: Show?
    /// The records after the last part that was shown.
    private(set) var rest: [HistoryRecord] = []
    private var partBytes = 0

    init(of job: JobName, show: Show? = nil) {
        replay = JobReplay(name: job)
        self.show = show
    }

    mutating func read(_ file: OpenFile, _ fileSystem: any FileSystem) throws(Errno) {
        try fileSystem.readPieces(of: file, limit: Self.fileMax) { piece throws(Errno) in
            // A copy, because the closure changes the rest of this struct.
            var reader = reader
            self.reader = HistoryReader()
            reader.read(piece) { record, place in add(record, place) }
            self.reader = reader
        }
        reader.end()
    }

    private mutating func add(_ record: HistoryRecord, _ place: Range<Int>) {
        replay.apply(record, at: place)
        rest.append(record)
        partBytes += place.count
        if rest.count < Self.partRecordsMax, partBytes < Self.partBytesMax { return }
        show?(replay, rest)
        (rest, partBytes) = ([], 0)
    }
}
