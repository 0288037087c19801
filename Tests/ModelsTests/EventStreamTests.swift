import Testing

@testable import Models

@Suite("Server-sent events")
struct EventStreamTests {
    private func events(_ pieces: [some Sequence<UInt8>]) -> [String] {
        var stream = EventStream()
        return pieces.flatMap { stream.append($0) }.map { String(decoding: $0, as: UTF8.self) }
    }

    private static let text =
        "\u{FEFF}data: {\"a\":\"é\"}\n\n: comment\r\nevent: x\r\ndata:one\r\ndata:  two\r\nid: 7\r\n\r\n"
        + "data\n\nevent: none\n\ndata: three\r\rdata: [DONE]\n\ndata: cut off"
    private static let expected = ["{\"a\":\"é\"}", "one\n two", "", "three", "[DONE]"]

    @Test("line ends, comments, fields and the byte order mark are what the standard says")
    func all() {
        #expect(events([Array(Self.text.utf8)]) == Self.expected)
    }

    @Test("a cut at any byte changes nothing")
    func cut() {
        let bytes = Array(Self.text.utf8)
        for place in bytes.indices {
            #expect(events([bytes[..<place], bytes[place...]]) == Self.expected, "cut at \(place)")
        }
        #expect(events(bytes.map { [$0] }) == Self.expected)
    }
}
