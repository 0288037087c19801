import Documents

/// How a batch file holds its requests.
package enum BatchFormat: Sendable, Equatable {
    /// One JSON value per line.
    case lines
    /// The elements of one JSON array, which may span many lines.
    case values
    /// Rows of a table under a heading; the byte separates the cells.
    case table(delimiter: UInt8)

    /// The form in a history: `lines`, `values`, `table ;`.
    package var text: String {
        switch self {
        case .lines: "lines"
        case .values: "values"
        case .table(let delimiter): "table \(Character(UnicodeScalar(delimiter)))"
        }
    }

    package init?(text: String) {
        switch text {
        case "lines": self = .lines
        case "values": self = .values
        default:
            guard text.hasPrefix("table "), let delimiter = text.utf8.last, text.utf8.count == 7 else { return nil }
            self = .table(delimiter: delimiter)
        }
    }
}
