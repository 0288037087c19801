/// Rows under a heading, in columns.
struct Table {
    struct Cell {
        var text: String
        var style: Terminal.Style?

        init(_ text: String?, _ style: Terminal.Style? = nil) {
            self.text = Terminal.harmless(text ?? "")
            self.style = style
        }
    }

    private let heading: [String]
    /// Columns that hold numbers, set to the right.
    private let numbers: Set<Int>
    private var rows: [[Cell]] = []

    init(_ heading: [String], numbers: Set<Int> = []) {
        self.heading = heading
        self.numbers = numbers
    }

    var isEmpty: Bool { rows.isEmpty }

    mutating func add(_ row: [Cell]) { rows.append(row) }

    var text: String {
        let widths = heading.indices.map { column in
            max(heading[column].count, rows.map { $0[column].text.count }.max() ?? 0)
        }
        let lines = [heading.map { Cell($0, .dim) }] + rows
        return lines.map { row in
            let cells = row.indices.map { column -> String in
                let cell = row[column]
                let gap = String(repeating: " ", count: widths[column] - cell.text.count)
                let text = Terminal.styled(cell.text, cell.style)
                if numbers.contains(column) { return gap + text }
                return column == row.count - 1 ? text : text + gap
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
