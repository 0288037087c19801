package import Jobs
import SystemPackage

/// Folds a history while it is read, so that no history is held whole.
package struct HistoryFold {
    /// Is shown the records of a history part by part, each part with what the history says up to its end. Not the
    /// last part, which is short: who has the history read decides what to do with it.
    package typealias Show = @Sendable (_ replay: JobReplay, _ part: [HistoryRecord]) -> Void

    /// A part ends with the record that fills either.
    private static let partRecordsMax = 1_024
    private static let partBytesMax = 4 << 20
    /// A larger file is no history.
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
            // Apart, because the closure changes the rest of this struct.
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
