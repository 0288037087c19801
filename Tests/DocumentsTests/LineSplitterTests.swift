import TestKit
import Testing

@testable import Documents

@Suite struct LineSplitterTests {
    private func lines(_ bytes: [UInt8], pieces: Int, bytesMax: Int = .max) -> [LineSplitter.Line] {
        var splitter = LineSplitter(bytesMax: bytesMax)
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            splitter.split(Array(bytes[start..<min(start + pieces, bytes.count)])) { lines.append($0) }
        }
        if let last = splitter.end() { lines.append(last) }
        return lines
    }

    @Test func `the lines are the same, whatever the pieces`() {
        let bytes = Array("one\n\ntwo\r\n  \nthe last".utf8)
        for pieces in 1...bytes.count + 1 {
            let lines = lines(bytes, pieces: pieces)
            #expect(
                lines.map { String(decoding: $0.bytes, as: UTF8.self) } == [
                    "one\n", "\n", "two\r\n", "  \n", "the last",
                ]
            )
            #expect(lines.map(\.number) == [1, 2, 3, 4, 5])
            #expect(lines.map { Array(bytes[$0.offset..<$0.offset + $0.length]) } == lines.map { Array($0.bytes) })
            #expect(lines.map(\.isBlank) == [false, true, false, true, false])
        }
    }

    @Test func `a long line keeps its beginning and its whole length`() {
        let bytes = Array("0123456789\nab\n".utf8)
        for pieces in 1...bytes.count {
            let lines = lines(bytes, pieces: pieces, bytesMax: 4)
            #expect(lines.map { String(decoding: $0.bytes, as: UTF8.self) } == ["0123", "ab\n"])
            #expect(lines.map(\.length) == [11, 3] && lines.map(\.offset) == [0, 11])
        }
    }

    @Test func `an empty file has no lines`() { #expect(lines([], pieces: 1).isEmpty) }
}
