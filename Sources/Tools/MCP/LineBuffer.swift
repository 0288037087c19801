import Documents

/// Cuts a stream of bytes into lines; of a line that is too long it keeps only the beginning and the end.
struct LineBuffer {
    /// A line without its newline.
    enum Line: Equatable {
        case whole([UInt8])
        case tooLong(LongLine)
    }

    /// The longest line that is kept whole, in bytes.
    let lineMax: Int
    private var rest: [UInt8] = []
    /// Set while the current line is too long.
    private var long: LongLine?

    init(lineMax: Int) { self.lineMax = lineMax }

    /// The lines that `bytes` complete.
    mutating func lines(adding bytes: UnsafeRawBufferPointer) -> [Line] {
        var lines: [Line] = []
        var parts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        while let part = parts.popFirst() {
            add(part)
            if parts.isEmpty { break }
            lines.append(long.map(Line.tooLong) ?? .whole(rest))
            (rest, long) = ([], nil)
        }
        return lines
    }

    private mutating func add(_ part: Slice<UnsafeRawBufferPointer>) {
        if long != nil {
            long?.add(part)
        } else if rest.count + part.count > lineMax {
            var line = LongLine()
            line.add(rest)
            line.add(part)
            (rest, long) = ([], line)
        } else {
            rest.append(contentsOf: part)
        }
    }
}

/// What is kept of a line that is too long to be kept whole.
struct LongLine: Equatable {
    static let headMax = 4_096
    static let tailMax = 256

    private(set) var head: [UInt8] = []
    private(set) var tail: [UInt8] = []
    /// Bytes of the whole line.
    private(set) var length = 0

    mutating func add(_ bytes: some RandomAccessCollection<UInt8>) {
        length += bytes.count
        head.append(contentsOf: bytes.prefix(Self.headMax - head.count))
        tail.append(contentsOf: bytes.suffix(Self.tailMax))
        if tail.count > Self.tailMax { tail.removeFirst(tail.count - Self.tailMax) }
    }
}
