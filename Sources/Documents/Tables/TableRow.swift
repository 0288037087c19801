/// A row of a table of comma-separated values (RFC 4180).
package enum TableRow {
    /// The cells as text, without the quotes around them.
    ///
    /// A doubled quote inside quotes becomes one quote. A cell without quotes stays as it is, white space included.
    ///
    /// - Parameter record: The row, with or without its line end.
    package static func cells(_ record: [UInt8], delimiter: UInt8) -> [String] {
        var bytes = record[...]
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        var cells: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var isInQuotes = false
        var position = bytes.startIndex
        while position < bytes.endIndex {
            let byte = bytes[position]
            position += 1
            if isInQuotes {
                guard byte == UInt8(ascii: "\"") else {
                    cell.append(byte)
                    continue
                }
                if position < bytes.endIndex, bytes[position] == UInt8(ascii: "\"") {
                    cell.append(byte)
                    position += 1
                } else {
                    isInQuotes = false
                }
            } else if byte == delimiter {
                cells.append(String(decoding: cell, as: UTF8.self))
                (cell, isQuoted) = ([], false)
            } else if byte == UInt8(ascii: "\""), !isQuoted, cell.allSatisfy({ $0 == UInt8(ascii: " ") }) {
                (cell, isQuoted, isInQuotes) = ([], true, true)
            } else {
                cell.append(byte)
            }
        }
        cells.append(String(decoding: cell, as: UTF8.self))
        return cells
    }

    /// The row as text, without a line end; cells that need quotes get them.
    package static func text(_ cells: [String], delimiter: UInt8) -> String {
        let special = [delimiter] + Array("\"\r\n".utf8)
        return cells.map { cell in
            let needsQuotes =
                cell.utf8.contains(where: special.contains) || cell.first == " " || cell.last == " "
                || cell.utf8.first == UInt8(ascii: "\t") || cell.utf8.last == UInt8(ascii: "\t")
            return needsQuotes ? "\"\(cell.replacing("\"", with: "\"\""))\"" : cell
        }.joined(separator: String(UnicodeScalar(delimiter)))
    }
}
