/// Splits a file that is read in pieces into lines, so that no file is held whole.
package struct LineSplitter: Sendable {
    package struct Line: Sendable {
        /// From 1; blank lines count.
        package var number: Int
        /// Where the line begins in the file, in bytes.
        package var offset: Int
        /// In bytes, its newline included.
        package var length: Int
        /// With the newline, where there is one; cut to the splitter's limit.
        package var bytes: ArraySlice<UInt8>

        /// Whether the line is all white space, at most ``LineSplitter/blankMax`` bytes.
        package var isBlank: Bool {
            length <= LineSplitter.blankMax && bytes.allSatisfy { [0x20, 0x09, 0x0D, 0x0A].contains($0) }
        }
    }

    /// The most bytes of a blank line, its newline included.
    package static let blankMax = 1_024

    /// The most bytes that are kept of a line.
    private let bytesMax: Int
    private var rest: [UInt8] = []
    private var length = 0
    private var number = 0
    private var offset = 0

    /// - Parameter bytesMax: The most bytes that are kept of a line.
    package init(bytesMax: Int = .max) { self.bytesMax = bytesMax }

    /// Takes the next piece of the file, and passes on the lines that end in it.
    package mutating func split(_ piece: [UInt8], _ body: (Line) -> Void) {
        var start = 0
        while let newline = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            add(piece[start...newline])
            body(next())
            start = newline + 1
        }
        add(piece[start...])
    }

    /// The last line, when it has no newline.
    package mutating func end() -> Line? { length > 0 ? next() : nil }

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        rest += bytes.prefix(bytesMax - rest.count)
        length += bytes.count
    }

    private mutating func next() -> Line {
        defer {
            offset += length
            (rest, length) = ([], 0)
        }
        number += 1
        return Line(number: number, offset: offset, length: length, bytes: rest[...])
    }
}
