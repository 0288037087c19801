package import Documents

/// Splits a batch file that is read in pieces into its requests, for every form of batch.
package struct BatchSplitter: Sendable {
    // Three optionals, changed in place, so that the kept bytes of a long request are not copied with every piece.
    private var lines: LineSplitter?
    private var values: JSONValueSplitter?
    private var table: TableSplitter?

    /// - Parameter bytesMax: The most bytes that are kept of a request.
    package init(_ form: BatchFormat, bytesMax: Int = .max) {
        switch form {
        case .lines: lines = LineSplitter(bytesMax: bytesMax)
        case .values: values = JSONValueSplitter(bytesMax: bytesMax)
        case .table(let delimiter): table = TableSplitter(delimiter: delimiter, bytesMax: bytesMax)
        }
    }

    /// Takes the next piece of the file, and passes on the requests that end in it, blank lines and a table's heading
    /// included.
    package mutating func split(_ piece: [UInt8], _ body: (LineSplitter.Line) -> Void) {
        lines?.split(piece, body)
        values?.split(piece, body)
        table?.split(piece, body)
    }

    /// The last request, when only the end of the file ends it.
    package mutating func end() -> LineSplitter.Line? {
        let last = lines?.end() ?? values?.end()
        return last ?? table?.end()
    }
}
