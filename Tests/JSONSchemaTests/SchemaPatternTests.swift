import Documents
import Testing

@testable import JSONSchema

@Suite("Patterns of JSON Schema")
struct SchemaPatternTests {
    private func matches(_ pattern: String, _ text: String) throws -> Bool? {
        var steps = JSONSchema.patternStepsMax
        return try SchemaPattern(pattern).matches(text, steps: &steps)
    }

    @Test(
        "A pattern matches as ECMA-262 says",
        arguments: [
            ("^a*$", ["", "aaa"], ["b", "ab"]), ("a+", ["xxaay"], ["", "b"]), ("^a{2}$", ["aa"], ["a", "aaa"]),
            ("^[a-z]{2,3}$", ["ab", "abc"], ["a", "abcd", "A1"]), ("^a{2,}$", ["aa", "aaaa"], ["a"]),
            ("^(foo|bar|)$", ["foo", "bar", ""], ["fo", "foobar"]), ("^(a?){3}$", ["", "a", "aaa"], ["aaaa"]),
            ("^(?:a|b)+?c$", ["abac"], ["c"]), ("^(?<year>[0-9]{4})$", ["2026"], ["26"]),
            ("^\\d{3}-\\w+$", ["123-a_B9"], ["१२३-a", "12-a", "123-é"]), ("\\s", ["\u{A0}", "\u{FEFF}"], ["a"]),
            ("^\\W\\D\\S$", ["!a!"], ["aaa", "!1!", "!a "]), ("\\bcat\\b", ["a cat!"], ["concat"]),
            ("\\Bcat", ["concat"], ["cat"]), ("^[^\\d]$", ["a"], ["1", "ab"]), ("^[\\d-x]+$", ["1-x"], ["y"]),
            ("^[]$", [], ["", "a"]), ("^[^]$", ["\n"], [""]), ("^.$", ["😀"], ["\n", "ab", "e\u{301}"]),
            ("^\\ud83d\\ude00$", ["😀"], ["😁"]), ("^\\u{1F600}\\x41\\cC\\t$", ["😀A\u{3}\t"], []),
            ("^{a}]$", ["{a}]"], []), ("^a{,2}$", ["a{,2}"], ["aa"]), ("^\\p{Letter}\\P{Nd}$", ["éß"], ["1a", "a1"]),
            ("^[\\p{Lu}_]+$", ["É_"], ["é"]), ("^\\p{gc=L}$", ["a"], ["1"]),
        ] as [(String, [String], [String])]
    )
    func matching(pattern: String, fitting: [String], others: [String]) throws {
        for text in fitting { #expect(try matches(pattern, text) == true, "\(text)") }
        for text in others { #expect(try matches(pattern, text) == false, "\(text)") }
    }

    @Test(
        "A pattern may look ahead and behind",
        arguments: [
            ("^(?=.*\\d)(?=.*[a-z]).{4,}$", ["abc1", "1abcd"], ["abcd", "1234", "a1"]),
            ("(?<!x)y", ["ay", "y"], ["xy"]),
            ("(?<=ab)c", ["abc"], ["bc", "ac"]), ("^(?!foo)", ["bar"], ["foobar"]),
            ("(?<=^(a|bc)d)e", ["ade", "bcde"], ["de", "cde"]),
        ] as [(String, [String], [String])]
    )
    func looking(pattern: String, fitting: [String], others: [String]) throws {
        try matching(pattern: pattern, fitting: fitting, others: others)
    }

    @Test(
        "A pattern that cannot be read, or cannot be matched in bounded time, is refused",
        arguments: [
            "(", ")", "*a", "a**", "[z-a]", "[a", "\\1", "(?i)a", "\\q", "a{5,2}", "\\p{no}", "\\ud83d", "\\", "\\c1",
            "(((((((a{0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}){0,9}", "(){99999999}", "a{99999999999999999999}",
            "((?=a{4000}b)c){4}", String(repeating: "(", count: 3_000),
        ]
    )
    func refusals(pattern: String) {
        #expect(throws: PatternSyntaxError.self) { try SchemaPattern(pattern) }
    }

    @Test("The time of a match grows no faster than the text", arguments: ["(a+)+$", "(a|a)*c", "(.*a){12}$"])
    func backtracking(pattern: String) throws {
        #expect(try matches(pattern, String(repeating: "a", count: 1_000) + "b") == false)
    }

    @Test("A match gives up a text that is too long for a lookahead at every position")
    func budget() throws {
        let text = String(repeating: "a", count: 500)
        var steps = 100_000
        #expect(try SchemaPattern("(?=.*x)").matches(text, steps: &steps) == nil)
        let schema = try JSONSchema(["pattern": "(?=.*x)"])
        let errors = schema.errors(in: .string(text), checksMax: 10, patternSteps: 100_000)
        #expect(errors == ["the value is too long for the pattern (?=.*x)"])
    }
}
