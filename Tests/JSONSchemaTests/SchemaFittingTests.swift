import Documents
import OrderedCollections
import TestKit
import Testing

@testable import JSONSchema

@Suite("Arguments that templates give")
struct SchemaFittingTests {
    @Test(
        "Arguments are fitted to the schema when only text and number differ, and nothing is lost",
        arguments: [
            (["n": "1.0"], ["n": .number("1.0")]), (["n": "3.10"], ["n": .number("3.10")]), (["n": 1], ["n": 1]),
            (["n": "x"], ["n": "x"]), (["n": " 1"], ["n": " 1"]), (["i": "42"], ["i": 42]),
            (["i": "4.2"], ["i": "4.2"]),
            (["s": .number("3.10")], ["s": "3.10"]), (["s": 42], ["s": "42"]), (["s": true], ["s": true]),
            (["s": "7"], ["s": "7"]),
            (["either": "7"], ["either": "7"]), (["either": 7], ["either": 7]),
            (["list": ["1", 2]], ["list": [1, 2]]),
            (["free": "7"], ["free": "7"]), (["inner": ["s": 12_345]], ["inner": ["s": "12345"]]), (5, 5),
            (["n": "1", "s": .null], ["n": "1", "s": .null]),
        ] as [(JSON, JSON)]
    )
    func fitted(value: JSON, expected: JSON) throws {
        let schema = try JSONSchema([
            "type": "object",
            "properties": [
                "n": ["type": "number"], "i": ["type": "integer"], "s": ["type": "string"],
                "either": ["type": ["string", "number"]], "list": ["type": "array", "items": ["type": "number"]],
                "inner": ["type": "object", "properties": ["s": ["type": "string"]]],
            ],
        ])
        #expect(schema.fitted(value) == expected)
    }
}
