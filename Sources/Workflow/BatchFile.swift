package import Jobs

/// A file that is read in pieces.
package protocol ByteSource: Sendable {
    /// Up to `count` bytes from `offset`; empty at the end.
    func read(at offset: Int, count: Int) async throws -> [UInt8]
}

/// The lines of a batch file, of which only the places are held; each is read when it is needed.
///
/// A line is one request, whatever the form: a value that goes over many lines, or a row of a table.
package struct BatchFile: Sendable {
    /// More are refused when the file is dropped: 50,000 lines took 100 MB of memory.
    package static let linesMax = 500_000

    private struct Place {
        var number: Int
        var offset: Int
        var length: Int
        var isDuplicate: Bool
    }

    private let source: TextSource
    private let form: BatchForm
    private var places: [Place] = []
    /// Of a table, once its heading was read.
    package private(set) var table: BatchTable?
    /// Of lines whose id is neither their own nor just their number.
    private var madeIDs: [Int: String] = [:]

    package var count: Int { places.count }

    /// Reads the file once, to see where its lines are and that each has an id of its own; blank ones are passed over.
    ///
    /// - Parameter form: As the acceptance has it; nil for lines.
    /// - Throws: What `source` throws; `Failure` when the file is not what was accepted.
    package init(_ source: any ByteSource, form: BatchForm? = nil) async throws {
        self.source = try await TextSource(source)
        self.form = form ?? .lines
        var splitter = BatchSplitter(self.form, bytesMax: BatchLine.bytesMax)
        var ids = LineIDs()
        var offset = 0
        while true {
            let piece = try await self.source.read(at: offset, count: 1 << 18)
            if piece.isEmpty { break }
            offset += piece.count
            splitter.split(piece) { add($0, &ids) }
        }
        if let last = splitter.end() { add(last, &ids) }
        madeIDs = ids.made()
    }

    private mutating func add(_ line: LineSplitter.Line, _ ids: inout LineIDs) {
        if case .table(let delimiter) = form { return add(row: line, delimiter, &ids) }
        if line.isBlank { return }
        var line = line
        // Many elements of an array may lie in one line: they are counted instead.
        if form == .values { line.number = places.count + 1 }
        let isTooLong = line.length > BatchLine.bytesMax
        let isDuplicate = !isTooLong && !ids.add(BatchLine(line.bytes, number: line.number), at: places.count)
        if isTooLong { ids.addNumber(line.number, at: places.count) }
        places.append(
            Place(number: line.number, offset: line.offset, length: line.length, isDuplicate: isDuplicate)
        )
    }

    private mutating func add(row line: LineSplitter.Line, _ delimiter: UInt8, _ ids: inout LineIDs) {
        if line.isBlankRow(delimiter: delimiter) { return }
        if table == nil {
            if line.offset == 0, TableHeading.named(line.bytes) != nil { return }
            table = BatchTable(
                heading: TableHeading(line.bytes, delimiter: delimiter),
                hasMark: source.hadMark
            )
            return
        }
        ids.addNumber(line.number, at: places.count)
        places.append(Place(number: line.number, offset: line.offset, length: line.length, isDuplicate: false))
    }

    /// Reads a line.
    ///
    /// - Throws: What the source throws; `Failure` when the file is not what it was.
    package func line(at index: Int) async throws -> BatchLine {
        let place = places[index]
        var line: BatchLine
        if place.length > BatchLine.bytesMax {
            line = BatchLine(tooLong: place.length, number: place.number)
        } else {
            let bytes = try await source.read(at: place.offset, count: place.length)
            guard bytes.count == place.length else {
                throw Failure(.permanent, "the batch file became shorter at line \(place.number)")
            }
            if let table {
                line = BatchLine(row: table.read(bytes), number: place.number)
            } else {
                line = BatchLine(bytes, number: place.number)
            }
        }
        if place.isDuplicate {
            let message = "the custom_id \"\(line.id)\" is in the file before"
            line.request = .fault(BatchLine.Fault("duplicate_custom_id", message))
        }
        line.id = madeIDs[index] ?? line.id
        return line
    }
}

/// Sees that every line has an id of its own. An id that the file gives is never taken away by one that is made here.
private struct LineIDs {
    /// Hashes of what the file gives; their seed is the process's own, so nobody can make two that are alike.
    private var given: Set<Int> = []
    private var wanting: [(index: Int, number: Int, id: String)] = []

    /// - Returns: False when the file gives this id to a line before.
    mutating func add(_ line: BatchLine, at index: Int) -> Bool {
        if !line.hasCustomID {
            addNumber(line.number, at: index)
        } else if !given.insert(line.id.hashValue).inserted {
            // The number makes it differ from all other ids that are made.
            wanting.append((index, line.number, "\(line.number):\(line.id)"))
            return false
        }
        return true
    }

    mutating func addNumber(_ number: Int, at index: Int) { wanting.append((index, number, String(number))) }

    /// The ids that are made, by the line's index; none where it is just the number.
    func made() -> [Int: String] {
        var made: [Int: String] = [:]
        for (index, number, wanted) in wanting {
            var id = wanted
            while given.contains(id.hashValue) { id = "\(number):\(id)" }
            if id != String(number) { made[index] = id }
        }
        return made
    }
}
