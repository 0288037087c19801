import OrderedCollections
import TestKit
import Testing

@testable import Documents

@Suite struct DocumentTests {
    private func yaml(_ text: String) throws -> JSON { try Document(Array(text.utf8), format: .yaml).value }

    private func yamlError(_ text: String) -> String? {
        errorText { try Document(Array(text.utf8), format: .yaml, name: "a.yaml") }
    }

    @Test(
        arguments: [
            ("1", JSON.int(1)), ("-7", -7), ("+7", 7), ("0123", "0123"), ("0x1F", 31), ("0o17", 15), ("1.5", 1.5),
            ("5.0", 5.0),
            ("1e-07", 1e-7), ("99999999999999999999", .number("99999999999999999999")), ("3.10", .number("3.10")),
            ("+1.50", .number("1.50")), (".5", 0.5), ("-.5", -0.5), ("5.", 5.0), ("-0", .number("-0")), ("007", "007"),
            ("1e5", .number("1e5")), ("0xFFFFFFFFFFFFFFFFFF", "0xFFFFFFFFFFFFFFFFFF"), ("0x", "0x"), ("0x+1", "0x+1"),
            ("1.2.3", "1.2.3"), ("+", "+"), ("+.", "+."), ("1e", "1e"), ("+49 30 1234", "+49 30 1234"),
            ("192.168.0.1", "192.168.0.1"), ("12:30", "12:30"), ("1,5", "1,5"), ("!!int 7", 7),
            ("!!float \"3.10\"", .number("3.10")),
            ("!!str 3.10", "3.10"), ("!!null ~", .null), ("!!timestamp 2026-11-24", "2026-11-24"), ("'1'", "1"),
            ("\"1\"", "1"), ("\"true\"", "true"),
            ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("n", "n"), ("true", true), ("False", false),
            ("null", .null), ("~", .null), ("", .null), ("2026-11-24", "2026-11-24"), ("12:30:45", "12:30:45"),
            ("1_000", "1_000"), ("0b11", "0b11"), (".", "."), (".inf", ".inf"), (".nan", ".nan"),
            ("1e400", .number("1e400")),
            ("!!str 5", "5"), ("! 5", "5"), ("!!str true", "true"), ("|-\n  5", "5"), (">-\n  true", "true"),
        ] as [(String, JSON)]
    )
    func `YAML scalars mean what the core schema of YAML 1.2 says`(text: String, expected: JSON) throws {
        #expect(try yaml("a: \(text)\n") == ["a": expected])
    }

    @Test func `an alias stands for its anchor's value`() throws {
        #expect(try yaml("a: &x {b: [1, 2]}\nc: *x\n") == ["a": ["b": [1, 2]], "c": ["b": [1, 2]]])
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "the member \"a\" is here twice"), ("a: [1\n", "not valid YAML"),
        ("a: *x\n", "not valid YAML"),
        ("? [1]\n: 2\n", "a member's name must be a plain word"), ("a: 1\n---\nb: 2\n", "not valid YAML"),
        ("a: b: c\n", "not valid YAML"), ("\ta: 1\n", "not valid YAML"),
        ("a: !Ref b\n", "a.yaml:1: the tag !Ref is not known here"),
        ("a: !!binary aGk=\n", "the tag tag:yaml.org,2002:binary is not known here"),
        ("a: 1\nb: !!int x\n", "a.yaml:2: \"x\" does not fit its tag tag:yaml.org,2002:int"),
        ("a: !!set {b}\n", "the tag tag:yaml.org,2002:set is not known here"),
        ("a: 1\n\"a\": 2\n", "the member \"a\" is here twice"), ("1: a\n\"1\": b\n", "the member \"1\" is here twice"),
        ("a: 1\n<<: 5\n", "a.yaml:2: \"<<\" takes an object"), ("<<: [{a: 1}, 2]\n", "\"<<\" takes an object"),
        ("<<: {a: 1}\n<<: {b: 1}\n", "is here twice"),
    ])
    func `YAML that is not one document of plain, unique names is refused`(text: String, reason: String) throws {
        let error = try #require(yamlError(text))
        #expect(error.hasPrefix("a.yaml") && error.contains(reason), "\(error)")
    }

    @Test func `YAML errors name the line`() {
        #expect(yamlError("a: 1\nb: [1, 2\nc: 3\n")?.hasPrefix("a.yaml:3: not valid YAML: ") == true)
        #expect(yamlError("a: 1\nb:\n  - x: 1\n    x: 2\n") == "a.yaml:3: the member \"x\" is here twice")
    }

    /// Nine lists of nine aliases each: a billion values.
    private var laughs: String {
        var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1...9 {
            let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        return text
    }

    @Test func `YAML whose aliases multiply to a billion values is refused`() {
        #expect(yamlError(laughs)?.contains("its aliases make it too large") == true)
    }

    @Test(arguments: [
        "? *a9\n: 1\n", "? [*a9]\n: 1\n", "b: {*a9 : 1}\n", "b: {? *a9 : 1}\n", "*a9 : 1\n", "b: {[*a9]: 1}\n",
    ])
    func `YAML whose aliases multiply in the place of a member's name is refused`(key: String) {
        #expect(yamlError(laughs + key) != nil)
    }

    @Test func `an asterisk, an ampersand and a question mark in prose are prose`() throws {
        let text = "prompt: |\n  ? Is *this* &that: R&D [x]: y\n  ? *that : &amp;\n"
        #expect(try yaml(text)["prompt"]?.string?.hasPrefix("? Is *this*") == true)
    }

    @Test func `YAML whose aliases repeat a long text too often is refused`() {
        let text = "t: &t \(String(repeating: "x", count: 2_000))\n"
        let list = { (count: Int) in "\(text)l: [\(String(repeating: "*t, ", count: count))]\n" }
        #expect(yamlError(list(400)) == nil)
        #expect(yamlError(list(600))?.contains("its aliases make it too large") == true)
    }

    @Test func `YAML may be as deep as JSON`() {
        let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
        #expect(yamlError(deep(128)) == nil)
        #expect(yamlError(deep(129))?.hasSuffix("nested deeper than 128 levels") == true)
    }

    @Test(arguments: [200, 900, 100_000])
    func `YAML nested too deep is refused`(depth: Int) {
        #expect(yamlError(String(repeating: "[", count: depth) + String(repeating: "]", count: depth)) != nil)
        #expect(yamlError(String(repeating: "- ", count: depth) + "1\n") != nil)
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let error = errorText { try Document([0x61, 0xFF], format: .yaml, name: "a.yaml") }
        #expect(error?.hasPrefix("a.yaml: byte 0xFF at offset 1 (line 1) is not UTF-8; it looks like ") == true)
    }

    @Test(
        arguments: [
            (["a", "c"], 3), (["a", "c", "1"], 5), (["b"], 6), (["a", "zz"], 2), (["zz"], 1), ([], 1),
        ] as [([String], Int)]
    )
    func `an error about a member of JSON names the line on which its value begins`(path: [String], line: Int) throws {
        let text = "{\n\"a\": {\n\"c\": [\n1,\n2]},\n\"b\": 3}"
        let document = try Document(Array(text.utf8), format: .json)
        #expect(document.error(at: path, "x").line == line)
    }

    @Test(
        arguments: [(["a", "c"], 3), (["a", "c", "1"], 5), (["b"], 6), (["a", "zz"], 2), (["zz"], 2)]
            as [([String], Int)]
    )
    func `an error about a member of YAML names its line`(path: [String], line: Int) throws {
        let text = "# comment\na:\n  c:\n    - 1\n    - 2\nb: 3\n"
        let document = try Document(Array(text.utf8), format: .yaml)
        #expect(document.error(at: path, "x").line == line)
    }

    @Test func `members of the same name in different objects have lines of their own`() throws {
        let document = try Document(Array("{\"a\":{\"x\":1},\n\"b\":{\"a\":2,\n\"x\":3}}".utf8), format: .json)
        #expect(document.error(at: ["b", "x"], "").line == 3)
        #expect(document.error(at: ["a", "x"], "").line == 1)
    }

    @Test func `errors say document, line, member and reason, as far as they are known`() {
        let whole = DocumentError(document: "a.yaml", line: 12, path: ["q", "w"], reason: "no")
        #expect(whole.description == "a.yaml:12: q.w: no")
        #expect(DocumentError(line: 12, reason: "no").description == "line 12: no")
        #expect(DocumentError(document: "a.yaml", reason: "no").description == "a.yaml: no")
        #expect(DocumentError(reason: "no").description == "no")
    }

    @Test func `the ending of a file's name tells its format, in upper and lower case`() {
        #expect(Document.Format(fileName: "a.JSON") == .json)
        #expect(Document.Format(fileName: "a.b.yml") == .yaml)
        #expect(Document.Format(fileName: "a.yaml") == .yaml)
        #expect(Document.Format(fileName: "a.jsonl") == nil)
        #expect(Document.Format(fileName: "json") == nil)
    }
}
