import Documents
import Testing

@testable import Tools

@Suite("A line buffer")
struct LineBufferTests {
    private func lines(_ buffer: inout LineBuffer, _ text: String) -> [String] {
        Array(text.utf8).withUnsafeBytes { buffer.lines(adding: $0) }.map { line in
            switch line {
            case .whole(let bytes): String(decoding: bytes, as: UTF8.self)
            case .tooLong(let line): "\(line.length) bytes: \(String(decoding: line.head, as: UTF8.self))"
            }
        }
    }

    @Test("A line buffer gives whole lines, however the bytes arrive")
    func lines() {
        var buffer = LineBuffer(lineMax: 4)
        #expect(lines(&buffer, "ab") == [])
        #expect(lines(&buffer, "cd\n\nx\ny") == ["abcd", "", "x"])
        #expect(lines(&buffer, "\n") == ["y"])
        #expect(lines(&buffer, "") == [])
    }

    @Test("A line that is too long gives its length, beginning and end, and the lines after it are whole")
    func tooLong() {
        var buffer = LineBuffer(lineMax: 4)
        #expect(lines(&buffer, "abcd") == [])
        #expect(lines(&buffer, "e") == [])
        #expect(lines(&buffer, "f\nxy\n") == ["6 bytes: abcdef", "xy"])
        #expect(lines(&buffer, "abcde\n") == ["5 bytes: abcde"])
    }

    @Test("A line buffer holds only the beginning and the end of a line that is too long")
    func endless() {
        var buffer = LineBuffer(lineMax: 100)
        let piece = [UInt8](repeating: 0x78, count: 10_000)
        for _ in 0..<100 { #expect(piece.withUnsafeBytes { buffer.lines(adding: $0) }.isEmpty) }
        let lines = Array("\"id\":7}\n".utf8).withUnsafeBytes { buffer.lines(adding: $0) }
        guard case .tooLong(let line) = lines.first else {
            Issue.record("the line is not too long")
            return
        }
        #expect(line.length == 1_000_007 && line.head.count == LongLine.headMax && line.tail.count == LongLine.tailMax)
    }
}

@Suite("A sketch of a message that cannot be parsed")
struct AnswerSketchTests {
    @Test(
        "A sketch of a message finds the request that it answers",
        arguments: [
            (#"{"jsonrpc":"2.0","id":7,"result":{"content":"xxx"#, "", 7, true),
            (#"{"id": "12", "result": [1"#, "", 12, true),
            (#"{"result":{"id":3,"text":"}\"id\":4,"},"id":5,"x":"#, "", 5, true),
            (#"{"result":{"content":[{"text":"xxxx"#, #"xxxx"}]},"id":9}"#, 9, true),
            (#"{"result":"xxxx"#, #"xxxx","id" : "10" } "#, 10, true),
            (#"{"result":{"x":"xx"#, #"xx","id":9}}"#, nil, true),
            (#"{"result":{"x":"xx"#, #"xx\"id\":9}"}}"#, nil, true),
            (#"{"level":"info","id":7,"msg":"xx"#, "", 7, false),
            ("[1,2", "", nil, false), ("hello", "", nil, false), (#"{"id":7"#, "", nil, false),
            (#"{"id":{"a":1},"error":"xx"#, "", nil, true),
        ] as [(String, String, Int?, Bool)]
    )
    func sketch(head: String, tail: String, id: Int?, isAnswer: Bool) {
        let sketch = PartialResponse(head: Array(head.utf8), tail: Array(tail.utf8))
        #expect(sketch.id == id && sketch.isAnswer == isAnswer)
    }
}
