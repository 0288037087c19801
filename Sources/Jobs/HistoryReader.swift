/// Reads a history in pieces, as far as its records are whole and linked.
package struct HistoryReader: Sendable {
    package private(set) var chain = HistoryChain()
    /// Bytes of the file that hold whole records; what follows is a torn tail or was tampered with.
    package private(set) var validLength = 0
    /// What is wrong after ``validLength``, when something is; certain after ``end()``.
    package private(set) var defect: Defect?
    private var hasHole = false
    private var lines = LineSplitter()

    package enum Defect: Sendable, Equatable {
        /// What a crash leaves of a write that it cut short: nothing after it is a record, or it has a hole.
        case tornTail(line: Int)
        /// A line whose chain does not fit, with records in it or after it: changed by somebody, or a damaged disk.
        /// Or one whose chain fits, and that this version cannot read.
        case brokenLine(line: Int)
    }

    package init() {}

    /// Takes the next piece of the file, and gives the records that end in it, each with its place in the file.
    package mutating func read(_ piece: [UInt8], _ body: (HistoryRecord, Range<Int>) -> Void) {
        // Apart, because the closure below changes the rest of this struct.
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
            // What is linked was written whole, by a newer version perhaps: it must not be cut away.
            defect = isLinked ? .brokenLine(line: line.number) : .tornTail(line: line.number)
            // A block that never reached the disk reads as zeros, which no record has; of what was written together
            // with it, later blocks may have reached it. All of that is the torn tail: it was never synced.
            hasHole = line.bytes.contains(0)
            return judge(line)
        }
        chain = next
        validLength = line.offset + line.length
        body(record, line.offset..<validLength)
    }

    /// A record at or behind the first bad line says that the line is no torn tail.
    private mutating func judge(_ line: LineSplitter.Line) {
        guard case .tornTail(let first) = defect, !hasHole, HistoryRecord(line: line.bytes) != nil else { return }
        defect = .brokenLine(line: first)
    }

    /// The file is at its end.
    package mutating func end() {
        guard let line = lines.end() else { return }
        if defect == nil { defect = .tornTail(line: line.number) } else { judge(line) }
    }
}

extension HistoryRecord {
    /// A line may be nested so deep: values as deep as documents may be stand in records, and templates make deeper ones.
    package static let depthMax = 1_024

    /// Reads a line of a history, chain and all; nil when it is no record.
    package init?(line: some Sequence<UInt8>) {
        guard let json = try? JSONParser.parse(line, depthMax: Self.depthMax) else { return nil }
        self.init(json: json)
    }
}

/// The records of a history file, as far as they are whole and linked: for histories that are small enough to hold.
package struct HistoryContents: Sendable {
    package typealias Defect = HistoryReader.Defect

    package private(set) var records: [HistoryRecord] = []
    package private(set) var chain = HistoryChain()
    /// Bytes of the file that hold the records above; what follows is a torn tail or was tampered with.
    package private(set) var validLength = 0
    /// What is wrong after ``validLength``, when something is.
    package private(set) var defect: Defect?

    /// Reads a history; never fails: what cannot be read is reported in ``defect``.
    package init(_ bytes: [UInt8]) {
        var reader = HistoryReader()
        reader.read(bytes) { record, _ in records.append(record) }
        reader.end()
        (chain, validLength, defect) = (reader.chain, reader.validLength, reader.defect)
    }
}
