import Testing

@testable import Tools

@Suite("A line buffer")
struct LineBufferTests {
    private func lines(_ buffer: inout LineBuffer, _ text: String) -> [String]? {
        Array(text.utf8).withUnsafeBytes { buffer.lines(adding: $0) }?.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("gives whole lines, however they arrive")
    func lines() {
        var buffer = LineBuffer(lineMax: 4)
        #expect(lines(&buffer, "ab") == [])
        #expect(lines(&buffer, "cd\n\nx\ny") == ["abcd", "", "x"])
        #expect(lines(&buffer, "\n") == ["y"])
        #expect(lines(&buffer, "") == [])
    }

    @Test("refuses a line as soon as it is too long, ended or not")
    func tooLong() {
        var buffer = LineBuffer(lineMax: 4)
        #expect(lines(&buffer, "abcd") == [])
        #expect(lines(&buffer, "e") == nil)
        var other = LineBuffer(lineMax: 4)
        #expect(lines(&other, "abcde\n") == nil)
    }
}
