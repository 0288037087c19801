import Documents
import Testing

@testable import Models

@Suite("Server-sent events")
struct EventStreamTests {
    private func events(_ pieces: [some Sequence<UInt8>]) -> [String] {
        var stream = EventStream()
        let events = pieces.flatMap { stream.append($0) } + stream.finish()
        return events.map { ($0.name.isEmpty ? "" : "\($0.name)|") + String(decoding: $0.data, as: UTF8.self) }
    }

    private static let text =
        "\u{FEFF}data: {\"a\":\"é\"}\n\n: comment\r\nevent: x\r\ndata:one\r\ndata:  two\r\nid: 7\r\n\r\n"
        + "data\n\nevent: none\n\ndata: three\r\rdata: [DONE]\n\ndata: cut off"
    private static let expected = ["{\"a\":\"é\"}", "x|one\n two", "", "three", "[DONE]", "cut off"]

    @Test("Line ends, comments, fields and the byte order mark are read as the standard defines them")
    func all() {
        #expect(events([Array(Self.text.utf8)]) == Self.expected)
    }

    @Test("A stream that is split at any byte gives the same events")
    func cut() {
        let bytes = Array(Self.text.utf8)
        for place in bytes.indices {
            #expect(events([bytes[..<place], bytes[place...]]) == Self.expected, "cut at \(place)")
        }
        #expect(events(bytes.map { [$0] }) == Self.expected)
    }

    @Test(
        "Known deviations from the standard are read as the servers mean them",
        arguments: [
            ("data: {\"a\":1}\ndata: {\"a\":2}\ndata: [DONE]\n", ["{\"a\":1}", "{\"a\":2}", "[DONE]"]),
            ("data: {\"a\":\ndata: 1}\n\n", ["{\"a\":\n1}"]),
            ("error: {\"code\":500}\n\n", ["error|{\"code\":500}"]),
            ("data: {\"a\":1}", ["{\"a\":1}"]),
            ("event: error\ndata: {}\n\ndata: {}\n\n", ["error|{}", "{}"]),
            ("\n\n: OPENROUTER PROCESSING\n\n\n\ndata: {}\n\n", ["{}"]),
            ("retry: 10\nid: 1\n\ndata:{}\n\n", ["{}"]),
        ]
    )
    func quirks(text: String, expected: [String]) {
        #expect(events([Array(text.utf8)]) == expected)
    }
}
