import OrderedCollections
import TestKit
import Testing

@testable import Documents

@Suite struct JSONWriterTests {
    @Test func `a written value is read back as the same value`() throws {
        var random = SeededRandom(seed: 1)
        for round in 0..<3_000 {
            let value = random.json()
            #expect(try JSONParser.parse(value.bytes) == value, "round \(round)")
            #expect(try JSONParser.parse(value.indentedText) == value, "round \(round)")
        }
    }

    @Test func `a written value has no control characters, so it stays on one line`() {
        var random = SeededRandom(seed: 2)
        for _ in 0..<500 { #expect(!random.json().bytes.contains { $0 < 0x20 || $0 == 0x7F }) }
    }

    @Test(
        arguments: [
            (JSON.double(5), "5.0"), (.double(1e-7), "1e-07"), (.double(0.1), "0.1"),
            (.double(-0x1p63), "-9.223372036854776e+18"),
            (.double(0x1p53), "9007199254740992.0"), (.int(.min), "-9223372036854775808"), (.double(.infinity), "null"),
            (.double(.nan), "null"), (.string("\u{1}\u{7F}\"\\/\n\r\t"), #""\u0001\u007f\"\\/\n\r\t""#),
            (.array([]), "[]"),
            (.object([:]), "{}"), (["a": [1, .null], "b": true], #"{"a":[1,null],"b":true}"#),
        ] as [(JSON, String)]
    )
    func `each value has its expected text`(value: JSON, text: String) { #expect(value.text == text) }

    @Test func `whole doubles count as integers when one is asked for`() {
        #expect(JSON.double(5).int == 5)
        #expect(JSON.double(5.5).int == nil)
        #expect(JSON.double(0x1p63).int == nil)
        #expect(JSON.int(5).double == 5)
    }

    @Test func `a path leads through objects and lists, and to nil where there is nothing`() {
        let value: JSON = ["a": [["b": 1]]]
        #expect(value.value(at: ["a", "0", "b"]) == 1)
        #expect(value.value(at: ["a", "1"]) == nil)
        #expect(value.value(at: ["a", "-1"]) == nil)
        #expect(value.value(at: ["a", "0", "b", "c"]) == nil)
        #expect(value.value(at: [String]()) == value)
    }
}
