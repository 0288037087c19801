import Documents

/// Reads a history in pieces, up to the first line that is no whole and linked record.
package struct HistoryReader: Sendable {
    package private(set) var chain = HistoryChain()
    /// How many bytes of the file hold whole records; the rest is a torn tail or was tampered with.
    package private(set) var validLength = 0
    /// What is wrong after ``validLength``; nil when nothing is. Certain after ``end()``.
    package private(set) var defect: Defect?
    private var hasHole = false
    private var lines = LineSplitter()

    package enum Defect: Sendable, Equatable {
        /// The rest of a write that a crash cut short: no record follows it, or it contains zero bytes.
        case tornTail(line: Int)
        /// A line whose digest does not match, and that is a record or has records after it: tampering, or a damaged
        /// disk. Or a line whose digest matches, and that this version cannot read.
        case brokenLine(line: Int)
    }

    package init() {}

    /// Takes the next piece of the file, and passes on the records that end in it, each with its place in the file.
    package mutating func read(_ piece: [UInt8], _ body: (HistoryRecord, Range<Int>) -> Void) {
        // Taken out of the struct, because the closure below changes the rest of it.
        var lines = lines
        self.lines = LineSplitter()
        lines.split(piece) { read($0, body) }
        self.lines = lines
    }

    private mutating func read(_ line: LineSplitter.Line, _ body: (HistoryRecord, Range<Int>) -> Void) {
        if defect != nil { return judge(line) }
        var next = chain
        let isLinked = next.advance(past: line.bytes)
        guard isLinked, let record = HistoryRecord(line: line.bytes), record.seq == line.number else {
            // A line whose digest matches was written whole, perhaps by a newer version: it must not be cut off.
            defect = isLinked ? .brokenLine(line: line.number) : .tornTail(line: line.number)
            // A block that never reached the disk reads as zeros, which no record has. Later blocks of the same write
            // may have reached it. All of that is the torn tail: it was never synced.
            hasHole = line.bytes.contains(0)
            return judge(line)
        }
        chain = next
        validLength = line.offset + line.length
        body(record, line.offset..<validLength)
    }

    /// A record at or after the first bad line shows that the line is no torn tail.
    private mutating func judge(_ line: LineSplitter.Line) {
        guard case .tornTail(let first) = defect, !hasHole, HistoryRecord(line: line.bytes) != nil else { return }
        defect = .brokenLine(line: first)
    }

    /// The file ends here.
    package mutating func end() {
        guard let line = lines.end() else { return }
        if defect == nil { defect = .tornTail(line: line.number) } else { judge(line) }
    }
}

extension HistoryRecord {
    /// The most levels of a line: records hold values as deep as documents, and templates make deeper ones.
    package static let depthMax = 1_024

    /// Reads a line of a history, its chain included; nil when it is no record.
    package init?(line: some Sequence<UInt8>) {
        guard let json = try? JSONParser.parse(line, depthMax: Self.depthMax) else { return nil }
        self.init(json: json)
    }
}

/// The whole and linked records of a history file that is small enough to hold in memory.
package struct HistoryContents: Sendable {
    package typealias Defect = HistoryReader.Defect

    package private(set) var records: [HistoryRecord] = []
    package private(set) var chain = HistoryChain()
    /// How many bytes of the file hold the records above; the rest is a torn tail or was tampered with.
    package private(set) var validLength = 0
    /// What is wrong after ``validLength``; nil when nothing is.
    package private(set) var defect: Defect?

    /// Reads a history; never fails: what cannot be read is reported in ``defect``.
    package init(_ bytes: [UInt8]) {
        var reader = HistoryReader()
        reader.read(bytes) { record, _ in records.append(record) }
        reader.end()
        (chain, validLength, defect) = (reader.chain, reader.validLength, reader.defect)
    }
}
