import Documents
import Jobs
import Models
import OrderedCollections

/// The heading of a batch that is a table; reads its rows and writes those of the result.
package struct BatchTable: Sendable {
    let heading: TableHeading
    /// Whether the file had a byte order mark: the program that wrote it expects one in the result.
    let hasMark: Bool

    /// The input of one run: an object of the row's cells, as text.
    ///
    /// - Returns: The cells, and the object or why there is none.
    func read(_ record: [UInt8]) -> (cells: [String], request: BatchLine.Request) {
        var cells = TableRow.cells(record, delimiter: heading.delimiter)
        let columns = heading.columns
        while cells.count > columns.count, cells.last == "" { cells.removeLast() }
        guard cells.count == columns.count else {
            let counts = "\(cells.count) \(cells.count == 1 ? "cell" : "cells"), and the heading has \(columns.count)"
            return (cells, .fault(BatchLineFault("invalid_row", "it has \(counts)")))
        }
        let members = zip(columns, cells).map { ($0, JSON.string($1)) }
        return (cells, .input(.object(OrderedDictionary(uniqueKeysWithValues: members))))
    }

    // MARK: The table of the results

    /// The columns of the input, and two more for each row's output and error.
    var resultHeading: [UInt8] {
        let output = TableHeading.free("output", heading.columns)
        let error = TableHeading.free("error", heading.columns + [output])
        return (hasMark ? [0xEF, 0xBB, 0xBF] : []) + row(heading.columns + [output, error])
    }

    /// A row of the input with its output or its error.
    func resultRow(_ cells: [String], output: String, error: String) -> [UInt8] {
        let missing = max(0, heading.columns.count - cells.count)
        let padded = cells.prefix(heading.columns.count) + Array(repeating: "", count: missing)
        return row(padded + [output, error])
    }

    private func row(_ cells: [String]) -> [UInt8] {
        let end = heading.hasCarriageReturns ? "\r\n" : "\n"
        return Array((TableRow.text(cells, delimiter: heading.delimiter) + end).utf8)
    }
}
