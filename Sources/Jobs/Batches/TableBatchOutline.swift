import Documents

/// The outline of a table whose rows are inputs.
struct TableBatchOutline: Sendable {
    /// How many bytes are searched for the delimiter.
    private static let beginningMax = 64 << 10

    private(set) var form = BatchFormat.table(delimiter: UInt8(ascii: ","))
    private(set) var count = 0
    private(set) var rejection: String?

    private let fileName: String
    private var beginning: [UInt8]? = []
    private var splitter: TableSplitter?
    private var delimiter = UInt8(ascii: ",")
    private var hasHeading = false

    init(fileName: String) { self.fileName = fileName }

    mutating func add(_ piece: [UInt8]) {
        guard let known = beginning else { return split(piece) }
        beginning = known + piece
        if known.count + piece.count >= Self.beginningMax { begin() }
    }

    mutating func end() {
        begin()
        if let last = splitter?.end() { note(last) }
        if let defect = splitter?.defect {
            rejection = "it is no table: \(defect)"
        } else if !hasHeading {
            rejection = "the table is empty: its first row should name the columns"
        } else if count == 0 {
            rejection = "the table has no rows under its heading"
        }
    }

    private mutating func begin() {
        guard let bytes = beginning else { return }
        beginning = nil
        delimiter = TableHeading.delimiter(of: bytes, fileName: fileName)
        form = .table(delimiter: delimiter)
        splitter = TableSplitter(delimiter: delimiter, bytesMax: LineSplitter.blankMax + 1)
        split(bytes)
    }

    private mutating func split(_ piece: [UInt8]) {
        var records: [LineSplitter.Line] = []
        splitter?.split(piece) { records.append($0) }
        for record in records { note(record) }
    }

    private mutating func note(_ record: LineSplitter.Line) {
        if record.isBlankRow(delimiter: delimiter) { return }
        if !hasHeading, record.offset == 0, TableHeading.named(record.bytes) != nil { return }
        if hasHeading { count += 1 } else { hasHeading = true }
    }
}

extension LineSplitter.Line {
    /// Whether all cells of a table's row are empty: spreadsheets write such rows under a table.
    package func isBlankRow(delimiter: UInt8) -> Bool {
        length <= LineSplitter.blankMax
            && bytes.allSatisfy { $0 == delimiter || [0x20, 0x09, 0x0D, 0x0A, UInt8(ascii: "\"")].contains($0) }
            && TableRow.cells(Array(bytes), delimiter: delimiter).allSatisfy { $0.allSatisfy(\.isWhitespace) }
    }
}
