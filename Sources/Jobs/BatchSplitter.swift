/// Cuts a batch file that is read in pieces into its requests, in whatever form they lie in it.
package struct BatchSplitter: Sendable {
    // Changed in place: what is kept of a long request is not copied with every piece.
    private var lines: LineSplitter?
    private var values: JSONValueSplitter?
    private var table: TableSplitter?

    /// - Parameter bytesMax: So much of a request is kept at the most.
    package init(_ form: BatchForm, bytesMax: Int = .max) {
        switch form {
        case .lines: lines = LineSplitter(bytesMax: bytesMax)
        case .values: values = JSONValueSplitter(bytesMax: bytesMax)
        case .table(let delimiter): table = TableSplitter(delimiter: delimiter, bytesMax: bytesMax)
        }
    }

    /// Takes the next piece of the file, and gives what ends in it: with blank lines, and with a table's heading.
    package mutating func split(_ piece: [UInt8], _ body: (LineSplitter.Line) -> Void) {
        lines?.split(piece, body)
        values?.split(piece, body)
        table?.split(piece, body)
    }

    /// The last request, when nothing but the file's end ends it.
    package mutating func end() -> LineSplitter.Line? {
        let last = lines?.end() ?? values?.end()
        return last ?? table?.end()
    }
}
