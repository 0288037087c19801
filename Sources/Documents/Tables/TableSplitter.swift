/// Splits a table of comma-separated values (RFC 4180) that is read in pieces into records.
///
/// Line ends are CRLF, LF or CR; a line end in quotes does not end a record.
package struct TableSplitter: Sendable {
    /// Why the file is no table: a quote that is never closed.
    package private(set) var defect: String?

    private let delimiter: UInt8
    private let bytesMax: Int
    private var record: LineSplitter.Line
    private var bytes: [UInt8] = []
    private var line = 1
    private var isAtCellStart = true
    private var isInQuotes = false
    /// Whether the last byte was a quote inside quotes: a second one would be a quote in the text.
    private var isAfterQuote = false
    private var quoteLine = 1
    /// Whether the last byte was a carriage return: a newline after it belongs to the same line end.
    private var isAfterReturn = false

    /// - Parameter bytesMax: The most bytes that are kept of a record.
    package init(delimiter: UInt8, bytesMax: Int = .max) {
        (self.delimiter, self.bytesMax) = (delimiter, bytesMax)
        record = LineSplitter.Line(number: 1, offset: 0, length: 0, bytes: [])
    }

    /// Takes the next piece of the file, and passes on the records that end in it, with their line ends.
    package mutating func split(_ piece: [UInt8], _ body: (LineSplitter.Line) -> Void) {
        for byte in piece {
            if isAfterReturn {
                isAfterReturn = false
                if byte == UInt8(ascii: "\n") {
                    keep(byte)
                    body(next())
                    continue
                }
                body(next())
            }
            take(byte, body)
        }
    }

    /// The last record, when no line end ends it.
    package mutating func end() -> LineSplitter.Line? {
        if isInQuotes, !isAfterQuote { defect = "the quote that begins in line \(quoteLine) is never closed" }
        return record.length > 0 ? next() : nil
    }

    private mutating func take(_ byte: UInt8, _ body: (LineSplitter.Line) -> Void) {
        keep(byte)
        if isInQuotes {
            if isAfterQuote {
                isAfterQuote = false
                if byte == UInt8(ascii: "\"") { return }
                isInQuotes = false
            } else {
                if byte == UInt8(ascii: "\"") { isAfterQuote = true }
                if byte == UInt8(ascii: "\n") { line += 1 }
                return
            }
        }
        switch byte {
        case delimiter: isAtCellStart = true
        case UInt8(ascii: "\"") where isAtCellStart:
            isInQuotes = true
            quoteLine = line
            isAtCellStart = false
        case UInt8(ascii: "\n"):
            body(next())
        case UInt8(ascii: "\r"): isAfterReturn = true
        // Spaces before a quote are not part of the cell.
        case UInt8(ascii: " "): break
        default: isAtCellStart = false
        }
    }

    private mutating func keep(_ byte: UInt8) {
        record.length += 1
        if bytes.count < bytesMax { bytes.append(byte) }
    }

    private mutating func next() -> LineSplitter.Line {
        line += 1
        var taken = record
        taken.bytes = bytes[...]
        record = LineSplitter.Line(number: line, offset: taken.offset + taken.length, length: 0, bytes: [])
        bytes = []
        (isAtCellStart, isInQuotes, isAfterQuote) = (true, false, false)
        return taken
    }
}
