/// How the requests of a batch file lie in it.
package enum BatchForm: Sendable, Equatable {
    /// A JSON value a line.
    case lines
    /// The elements of one JSON array, which may go over many lines.
    case values
    /// Rows of a table under a heading; the byte parts the cells.
    case table(delimiter: UInt8)

    /// As a history has it: `lines`, `values`, `table ;`.
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
