import Documents
package import Jobs
import Models

/// A file that is read in pieces.
package protocol ByteSource: Sendable {
    /// Up to `count` bytes from `offset`; empty at the end.
    func read(at offset: Int, count: Int) async throws -> [UInt8]
}

/// The lines of a batch file: only their places are held, and each line is read when it is needed.
///
/// A line is one request, in every form of batch: also a value that spans lines, or a row of a table.
package struct BatchFile: Sendable {
    /// The most lines of a batch; a drop with more is refused. 50,000 lines took 100 MB of memory.
    package static let linesMax = 500_000

    private struct Place {
        var number: Int
        var offset: Int
        var length: Int
        var isDuplicate: Bool
    }

    private let source: TextSource
    private let form: BatchFormat
    private var places: [Place] = []
    /// The table, once its heading was read; nil for other forms.
    package private(set) var table: BatchTable?
    /// By line index: made ids that are not just the line's number.
    private var madeIDs: [Int: String] = [:]

    package var count: Int { places.count }

    /// Reads the file once, to find its lines and give each a unique id; blank lines are skipped.
    ///
    /// - Parameter form: The form in the acceptance; nil for lines.
    /// - Throws: What `source` throws; `Failure` for UTF-16 and UTF-32 that is not whole, or too large.
    package init(_ source: any ByteSource, form: BatchFormat? = nil) async throws {
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
        // Several elements of an array may be on one line: the number counts elements instead.
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
    /// - Throws: What the source throws; `Failure` when the file became shorter.
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
            let message = "an earlier line has the custom_id \"\(line.id)\""
            line.request = .fault(BatchLineFault("duplicate_custom_id", message))
        }
        line.id = madeIDs[index] ?? line.id
        return line
    }
}

/// Gives every line a unique id; an id that is made here never equals one that the file gives.
private struct LineIDs {
    /// Hashes of the ids that the file gives; each process has a random seed, so no submitter can make two ids collide.
    private var given: Set<Int> = []
    private var wanting: [(index: Int, number: Int, id: String)] = []

    /// - Returns: False when an earlier line has this id.
    mutating func add(_ line: BatchLine, at index: Int) -> Bool {
        if !line.hasCustomID {
            addNumber(line.number, at: index)
        } else if !given.insert(line.id.hashValue).inserted {
            // The number makes it differ from all other made ids.
            wanting.append((index, line.number, "\(line.number):\(line.id)"))
            return false
        }
        return true
    }

    mutating func addNumber(_ number: Int, at index: Int) { wanting.append((index, number, String(number))) }

    /// The made ids by line index, without those that are just the line's number.
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
