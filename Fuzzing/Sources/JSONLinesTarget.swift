import Dispatch
import Documents
import Jobs
import Synchronization

@testable import Workflow

/// Batch files: their lines, and what each of them asks.
enum JSONLinesTarget: FuzzTarget {
    static let name = "jsonl"

    static func run(_ input: [UInt8]) {
        checkLines(input)
        let lines = lines(of: input, pieceMax: .max)
        claimEqual(Self.lines(of: input, pieceMax: 7), lines, "a batch file in pieces has the same lines")
        claimEqual(Set(lines.map(\.id)).count, lines.count, "every line has an id of its own")
        claimEqual(Set(lines.map(\.path)).count, lines.count, "every line has a path of its own")
        for line in lines { check(line) }
    }

    private static func checkLines(_ input: [UInt8]) {
        for limit in [Int.max, 5] {
            for pieces in Pieces.cuts(of: input) {
                var splitter = LineSplitter(bytesMax: limit)
                var lines: [LineSplitter.Line] = []
                for piece in pieces { splitter.split(piece) { lines.append($0) } }
                if let last = splitter.end() { lines.append(last) }
                var offset = 0
                for (index, line) in lines.enumerated() {
                    claim(line.number == index + 1 && line.offset == offset, "lines follow each other")
                    let bytes = input[offset..<offset + line.length]
                    claim(line.bytes.elementsEqual(bytes.prefix(limit)), "a line has the file's bytes")
                    offset += line.length
                }
                claimEqual(offset, input.count, "lines are all of a file")
            }
        }
    }

    private static func check(_ line: BatchLine) {
        switch line.request {
        case .body(let value):
            claim(value[line.endpoint.neededMember] != nil, "the body of a request has what its endpoint needs")
            Kept.check(value)
        case .input(let value): Kept.check(value)
        case .fault(let fault): claim(!fault.code.isEmpty && !fault.message.isEmpty, "a fault says what it is")
        }
    }

    private struct Memory: ByteSource {
        var bytes: [UInt8]
        var pieceMax: Int

        func read(at offset: Int, count: Int) async throws -> [UInt8] {
            // The index reads pieces of this size; a line is read in one piece.
            let isPiece = count == 1 << 18
            return Array(bytes[min(offset, bytes.count)...].prefix(isPiece ? min(count, pieceMax) : count))
        }
    }

    private static func lines(of input: [UInt8], pieceMax: Int) -> [BatchLine] {
        let result = Mutex<[BatchLine]?>(nil)
        let done = DispatchSemaphore(value: 0)
        let task = Task {
            // A byte order mark of UTF-16 before bytes that are not UTF-16.
            guard (try? TextEncoding.utf8(input)) != nil else { return [BatchLine]() }
            let file = try await BatchFile(Memory(bytes: input, pieceMax: pieceMax))
            var lines: [BatchLine] = []
            for index in 0..<file.count { lines.append(try await file.line(at: index)) }
            return lines
        }
        Task {
            let lines = try? await task.value
            result.withLock { $0 = lines }
            done.signal()
        }
        done.wait()
        guard let lines = result.withLock({ $0 }) else { fatalError("not so: a file in memory can be read") }
        return lines
    }
}
