import Documents
import Glibc
import Jobs

/// Standard output and error: with colour and alignment on a terminal, plain in a pipe.
enum Terminal {
    static func print(_ text: String) { write(text + "\n", to: 1) }

    /// Prints the value on one line, with control characters as JSON escapes.
    static func print(_ json: JSON) {
        let text = json.text.unicodeScalars.map { scalar in
            isControl(scalar) ? "\\u00" + String(scalar.value, radix: 16) : String(scalar)
        }
        write(text.joined() + "\n", to: 1)
    }

    /// Prints a job's output: as it is in a pipe, with control characters made visible on a terminal.
    static func print(output: String) {
        print(isatty(1) == 1 ? harmless(output, keepsLines: true) : output)
    }

    /// Prints an error message on standard error.
    static func complain(_ message: String) { remark("agentspool: \(message)") }

    /// Prints a message that is not a result on standard error.
    static func remark(_ message: String) { write("\(harmless(message, keepsLines: true))\n", to: 2) }

    /// A reader that has closed its end, as `head` does, ends the output without an error.
    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    static let hasColour = isatty(1) == 1 && getenv("NO_COLOR") == nil

    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    static func styled(_ text: String, _ style: Style?) -> String {
        guard hasColour, let style, !text.isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// The text with control characters made visible: names and messages are not trusted.
    static func harmless(_ text: String, keepsLines: Bool = false) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isKept = !isControl(scalar) || (keepsLines && (scalar == "\n" || scalar == "\t"))
            result.append(isKept ? scalar : "·")
        }
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}

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

extension JobSummary.State {
    var style: Terminal.Style? {
        switch self {
        case .done: .green
        case .failed, .rejected: .red
        case .held: .yellow
        case .running: .bold
        case .waiting, .deferred, .duplicate: nil
        }
    }
}
