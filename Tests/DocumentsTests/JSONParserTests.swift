import OrderedCollections
import TestKit
import Testing

@testable import Documents

@Suite struct JSONParserTests {
    /// The parser's error about a text, or nil when it accepts the text.
    private func complaint(_ text: String) -> String? {
        do throws(JSONSyntaxError) {
            _ = try JSONParser.parse(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `every kind of value is read, and members keep their order`() throws {
        let text = #" {"z":[1,-2.5,1E3,true,false,null,{}],"a":"x\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","":[]} "#
        let expected: JSON = [
            "z": [1, -2.5, .number("1E3"), true, false, .null, [:]], "a": "x\"\\/\u{8}\u{C}\n\r\té😀", "": [],
        ]
        #expect(try JSONParser.parse(text) == expected)
    }

    @Test func `integers stay integers, and what has a fraction is a double`() throws {
        #expect(try JSONParser.parse("9223372036854775807") == .int(.max))
        #expect(try JSONParser.parse("-9223372036854775808") == .int(.min))
        #expect(try JSONParser.parse("-1") == -1)
        #expect(try JSONParser.parse("0") == 0)
        #expect(try JSONParser.parse("5.0") == .double(5))
        #expect(try JSONParser.parse("1e-07") == .double(1e-7))
    }

    @Test func `the last of two members with the same name counts where the caller asks for that`() throws {
        #expect(try JSONParser.parse(Array(#"{"a":1,"b":2,"a":3}"#.utf8), duplicates: .last) == ["a": 3, "b": 2])
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends where a value should be"),
        ("{\"a\":1,\n \"a\":2}", "line 2, column 2: the member \"a\" is here twice"),
        ("[1,]", "line 1, column 4: ']' where a value should be"),
        ("{\"a\":1,}", "line 1, column 8: a member's name in double quotes should be here"),
        ("{a:1}", "line 1, column 2: a member's name in double quotes should be here"),
        ("{\"a\" 1}", "line 1, column 6: ':' should follow the name \"a\""),
        ("{\"a\":1 \"b\":2}", "line 1, column 8: ',' or '}' should follow the member \"a\""),
        ("[1 2]", "line 1, column 4: ',' or ']' should follow an element"),
        ("[NaN]", "line 1, column 2: 'N' where a value should be"),
        ("-Infinity", "line 1, column 2: a digit should be here"),
        ("nul", "line 1, column 1: an unknown word; true, false and null are the only ones"),
        ("// no\n1", "line 1, column 1: '/' where a value should be"),
        ("01", "line 1, column 2: a number may not begin with 0"),
        ("-01", "line 1, column 3: a number may not begin with 0"),
        ("1.", "line 1, column 3: a digit should be here"),
        (".5", "line 1, column 1: '.' where a value should be"),
        ("+1", "line 1, column 1: '+' where a value should be"),
        ("1e+", "line 1, column 4: a digit should be here"),
        ("1 2", "line 1, column 3: there is more text after the end of the value"),
        ("\"a\nb\"", "line 1, column 3: a control character inside a string must be written as an escape"),
        ("\"\\x\"", "line 1, column 2: an unknown escape in a string"),
        ("\"\\u12G4\"", "line 1, column 6: \\u must be followed by four hexadecimal digits"),
        ("\"abc", "line 1, column 5: the text ends inside a string"),
        ("\u{A0}1", "line 1, column 1: byte 194 where a value should be"),
    ])
    func `a text that is no JSON is refused with line and column`(text: String, expected: String) {
        #expect(complaint(text) == expected)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        for bad in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xE2, 0x82]] as [[UInt8]] {
            let error = errorText { try JSONParser.parse([0x22] + bad + [0x22]) }
            #expect(error == "line 1, column 2: the string is not valid UTF-8")
        }
    }

    @Test(arguments: [
        "\\ud800", "\\udc00", "\\ud800x", "\\ud800\\u0041", "\\ud800\\n", "\\ud800\\ud800", "\\ude00\\ud83d",
    ])
    func `half a surrogate pair, which models do send, becomes the replacement character`(escapes: String) throws {
        let text = try #require(try JSONParser.parse("\"\(escapes)\"").string)
        #expect(text.unicodeScalars.contains("\u{FFFD}"))
        #expect(text.unicodeScalars.count == (escapes == "\\ud800" || escapes == "\\udc00" ? 1 : 2))
    }

    @Test func `a pair after half a pair is kept whole`() throws {
        #expect(try JSONParser.parse(#""\ud800\ud83d\ude00""#) == "\u{FFFD}😀")
    }

    @Test func `a document may be 128 levels deep and no deeper`() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = { String(repeating: open, count: $0) + "1" + String(repeating: close, count: $0) }
            #expect(complaint(deep(128)) == nil)
            #expect(complaint(deep(129))?.hasSuffix("nested deeper than 128 levels") == true)
            #expect(complaint(deep(100_000))?.hasSuffix("nested deeper than 128 levels") == true)
        }
    }

    @Test func `a document cut short at any byte is refused`() throws {
        let whole = Array(#"{"seq":12,"x":[true,null,-1.5e+3,"é😀A\n"],"y":{"z":{}}}"#.utf8)
        _ = try JSONParser.parse(whole)
        for length in 0..<whole.count {
            #expect(throws: JSONSyntaxError.self, "cut to \(length) bytes") { try JSONParser.parse(whole[..<length]) }
        }
    }

    @Test func `a byte order mark is skipped before the text, and refused elsewhere`() throws {
        #expect(try JSONParser.parse([0xEF, 0xBB, 0xBF] + Array("7".utf8)) == 7)
        #expect(complaint(" \u{FEFF}7") != nil)
    }

    @Test func `a slice that does not begin at 0 is read like any other`() throws {
        #expect(try JSONParser.parse(Array("xx[1]yy".utf8)[2..<5]) == [1])
    }
}
