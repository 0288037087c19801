/// The first row of a table: which columns it has, and how its rows are written.
package struct TableHeading: Sendable, Equatable {
    package let columns: [String]
    package let delimiter: UInt8
    /// Whether rows end with a carriage return and a newline.
    package let hasCarriageReturns: Bool

    /// Names the columns: one without a name becomes `column_3`, the second of a name becomes `name_2`.
    ///
    /// Columns without a name after the last one that has a name are dropped.
    ///
    /// - Parameter record: The row with its line end.
    package init(_ record: some Collection<UInt8>, delimiter: UInt8) {
        var cells = TableRow.cells(Array(record), delimiter: delimiter).map { String($0.trimmed) }
        while cells.count > 1, cells.last == "" { cells.removeLast() }
        var names: [String] = []
        for (index, cell) in cells.enumerated() {
            let wanted = cell.isEmpty ? "column_\(index + 1)" : cell
            names.append(names.contains(wanted) ? TableHeading.free(wanted, names + cells) : wanted)
        }
        columns = names
        self.delimiter = delimiter
        let text = Array(record.suffix(2))
        hasCarriageReturns = text == [0x0D, 0x0A]
    }

    /// `wanted`, or when that is in `taken`, the first of `wanted_2`, `wanted_3` … that is not.
    package static func free(_ wanted: String, _ taken: [String]) -> String {
        guard taken.contains(wanted) else { return wanted }
        var number = 2
        while taken.contains("\(wanted)_\(number)") { number += 1 }
        return "\(wanted)_\(number)"
    }

    /// The byte that separates the cells: the most frequent one in the first line outside of quotes, else a comma.
    ///
    /// - Parameter fileName: The file's name; in a `.tsv` the delimiter is a tab.
    package static func delimiter(of beginning: some Collection<UInt8>, fileName: String) -> UInt8 {
        if DropExtension.of(fileName) == ".tsv" { return UInt8(ascii: "\t") }
        if let named = named(beginning) { return named.delimiter }
        let candidates = Array(",;\t|".utf8)
        var counts = [UInt8: Int]()
        var isInQuotes = false
        for byte in beginning {
            if byte == UInt8(ascii: "\"") { isInQuotes.toggle() }
            if isInQuotes { continue }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
            if candidates.contains(byte) { counts[byte, default: 0] += 1 }
        }
        let best = candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? candidates[0]
        return counts[best, default: 0] == counts[candidates[0], default: 0] ? candidates[0] : best
    }

    /// The delimiter of a first line such as `sep=;`, which Excel writes and reads, and the line's length.
    package static func named(_ beginning: some Collection<UInt8>) -> (delimiter: UInt8, length: Int)? {
        let start = Array(beginning.prefix(7))
        guard String(decoding: start.prefix(4), as: UTF8.self).lowercased() == "sep=", start.count >= 5 else {
            return nil
        }
        let lineEnd = start[5...]
        if lineEnd.isEmpty { return (start[4], 5) }
        if lineEnd.starts(with: [0x0D, 0x0A]) { return (start[4], 7) }
        return lineEnd.first == 0x0A || lineEnd.first == 0x0D ? (start[4], 6) : nil
    }
}
