/// Cuts a stream of bytes into lines of bounded length.
struct LineBuffer {
    /// Bytes of one line.
    let lineMax: Int
    private var rest: [UInt8] = []

    init(lineMax: Int) { self.lineMax = lineMax }

    /// The lines that `bytes` end, without their ends; nil when one is too long.
    mutating func lines(adding bytes: UnsafeRawBufferPointer) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        while let part = parts.popFirst() {
            if rest.count + part.count > lineMax { return nil }
            rest.append(contentsOf: part)
            if parts.isEmpty { break }
            lines.append(rest)
            rest = []
        }
        return lines
    }
}
