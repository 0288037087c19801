import OrderedCollections
import Testing

@testable import Documents

@Suite("A merge key in YAML")
struct YAMLMergeTests {
    private static let base = "base: &base {b: 1, c: 2}\nother: &other {c: 3, d: 4}\n"

    @Test(
        "a merge key adds the members of other mappings, and the mapping's own take precedence",
        arguments: [
            ("{<<: *base}", #"{"b":1,"c":2}"#), ("{a: 0, <<: *base, e: 5}", #"{"a":0,"b":1,"c":2,"e":5}"#),
            ("{<<: *base, c: 9}", #"{"b":1,"c":9}"#), ("{c: 9, <<: *base}", #"{"c":9,"b":1}"#),
            ("{<<: [*base, *other]}", #"{"b":1,"c":2,"d":4}"#), ("{<<: [*other, *base]}", #"{"c":3,"d":4,"b":1}"#),
            ("{<<: {x: 1}}", #"{"x":1}"#), ("{<<: {<<: *base, c: 7}}", #"{"b":1,"c":7}"#), ("{<<: []}", "{}"),
            (#"{"<<": 5}"#, #"{"<<":5}"#), ("[{<<: *base}]", #"[{"b":1,"c":2}]"#),
        ]
    )
    func merged(yaml: String, json: String) throws {
        let document = try Document(Array("\(Self.base)v: \(yaml)\n".utf8), format: .yaml)
        #expect(document.value["v"]?.text == json)
    }

    @Test("a merge key is an ordinary name in JSON")
    func json() throws {
        let document = try Document(Array(#"{"<<": {"a": 1}}"#.utf8), format: .json)
        #expect(document.value == ["<<": ["a": 1]])
    }

    @Test("an error about a merged member names the line where the member is written")
    func line() throws {
        let document = try Document(Array("base: &base\n  b: 1\nv:\n  <<: *base\n".utf8), format: .yaml)
        #expect(document.error(at: ["v", "b"], "").line == 2)
    }

    @Test("merge keys cannot make a document grow without end")
    func bomb() {
        var text = "a0: &a0 {x: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]}\n"
        for level in 1...6 {
            let members = (0..<10).map { "m\($0): {<<: *a\(level - 1)}" }.joined(separator: ", ")
            text += "a\(level): &a\(level) {\(members)}\n"
        }
        #expect(throws: DocumentError.self) { try Document(Array(text.utf8), format: .yaml) }
    }
}
