import Documents
import Testing

@testable import JSONSchema

struct JSONSchemaTests {
    private func errors(_ schema: String, _ value: String) throws -> [String] {
        try JSONSchema(JSONParser.parse(schema)).errors(in: JSONParser.parse(value))
    }

    private func refusal(_ schema: String) throws -> JSONSchemaError? {
        let schema = try JSONParser.parse(schema)
        do throws(JSONSchemaError) {
            _ = try JSONSchema(schema)
            return nil
        } catch {
            return error
        }
    }

    @Test func violationsNameTheirPlaceAndWhatWasExpected() throws {
        let schema = """
            {"type": "object", "required": ["order", "lines"], "properties": {"order": {"type": "string"},
              "lines": {"type": "array", "items": {"type": "integer", "minimum": 1}}}, "additionalProperties": false}
            """
        #expect(
            try errors(schema, #"{"order": 5, "lines": [1, 0.5, 0], "note": "x"}"#) == [
                "/order: a string was expected, not a number",
                "/lines/1: a whole number was expected, not one with a fraction",
                "/lines/1: must be at least 1",
                "/lines/2: must be at least 1",
                #"the value: unknown member "note"; known here: order, lines"#,
            ]
        )
        #expect(
            try errors(schema, "{}") == [
                #"the value: the member "order" is missing"#, #"the value: the member "lines" is missing"#,
            ]
        )
        #expect(try errors(schema, "[]") == ["the value: an object was expected, not an array"])
        #expect(try errors(schema, #"{"order": "a", "lines": []}"#) == [])
    }

    @Test func violationsNeverQuoteWhatMembersHold() throws {
        let schema = """
            {"properties": {"a": {"const": 1}, "b": {"enum": ["x", 2]}, "c": {"pattern": "^x$"}, "d": {"maxLength": 2},
             "e": {"anyOf": [{"type": "null"}, {"minLength": 20}]}}}
            """
        let value = #"{"a": "secret", "b": "secret", "c": "secret", "d": "secret", "e": "secret"}"#
        let found = try errors(schema, value)
        #expect(found.count == 5)
        #expect(!found.contains { $0.contains("secret") })
        #expect(found[1] == #"/b: one of "x", 2 was expected"#)
    }

    @Test func atMostFiveViolationsAreReported() throws {
        #expect(try errors(#"{"items": {"type": "string"}}"#, "[1,2,3,4,5,6,7,8]").count == JSONSchema.violationsMax)
    }

    @Test func namesInPathsAreEscapedAndCut() throws {
        let long = String(repeating: "n", count: 500)
        let found = try errors(#"{"additionalProperties": {"type": "null"}}"#, #"{"a/b~c": 1, "\#(long)": 1}"#)
        #expect(found[0] == "/a~1b~0c: null was expected, not a number")
        #expect(found[1].count < 120)
    }

    @Test(
        "A keyword that is not supported is refused, and the error names its place",
        arguments: [
            (#"{"if": {}}"#, "#/if"),
            (#"{"properties": {"a": {"patternProperties": {}}}}"#, "#/properties/a/patternProperties"),
            (#"{"$defs": {"unused": {"$anchor": "x"}}}"#, "#/$defs/unused/$anchor"),
            (#"{"items": [{}]}"#, "#/items"), (#"{"$ref": "other.json"}"#, "#/$ref"),
            (##"{"$ref": "#name"}"##, "#/$ref"),
            (#"{"allOf": [{"$id": "urn:x"}]}"#, "#/allOf/0/$id"), (#"{"typ": "string"}"#, "#/typ"),
        ]
    )
    func unsupported(_ schema: String, _ place: String) throws {
        let error = try #require(try refusal(schema))
        #expect(error.kind == .unsupported)
        #expect(error.description.hasPrefix(place + ": "))
    }

    @Test(
        "A schema that breaks the rules of JSON Schema is refused, and the error names the place",
        arguments: [
            (#"{"type": "text"}"#, "#/type"), (#"{"type": []}"#, "#/type"), (#"{"minLength": -1}"#, "#/minLength"),
            (#"{"multipleOf": 0}"#, "#/multipleOf"), (#"{"pattern": "("}"#, "#/pattern"),
            (#"{"allOf": []}"#, "#/allOf"),
            (#"{"required": ["a", "a"]}"#, "#/required"), (#"{"properties": {"a": 5}}"#, "#/properties/a"),
            (##"{"$ref": "#/$defs/gone"}"##, "#/$ref"), ("5", "#"),
        ]
    )
    func invalid(_ schema: String, _ place: String) throws {
        let error = try #require(try refusal(schema))
        #expect(error.kind == .invalid)
        #expect(error.description.hasPrefix(place + ": "))
    }

    @Test func aSchemaThatAppliesItselfToTheSameValueIsRefused() throws {
        let loop =
            ##"{"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"anyOf": [true, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}"##
        #expect(try refusal(loop)?.kind == .invalid)
        #expect(try refusal(##"{"$ref": "#"}"##)?.reason == "the schema refers to itself without end")
    }

    @Test func recursionThroughMembersIsFollowedToAnyDepthThatAParserAccepts() throws {
        let schema = ##"{"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": false}"##
        let depth = JSONParser.depthMax - 1
        let list = String(repeating: #"{"next":"#, count: depth) + "{}" + String(repeating: "}", count: depth)
        #expect(try errors(schema, list) == [])
        let broken = String(repeating: #"{"next":"#, count: depth) + "1" + String(repeating: "}", count: depth)
        #expect(try errors(schema, broken).count == 1)
    }

    @Test func aValueThatWouldTakeTooManyChecksIsRefusedInsteadOfHoldingAThread() throws {
        // Both alternatives check all levels below them: every level doubles the work.
        let slow = ##"{"oneOf": [{"properties": {"n": {"$ref": "#"}}}, {"properties": {"n": {"$ref": "#"}}}]}"##
        let deep = String(repeating: #"{"n":"#, count: 100) + "1" + String(repeating: "}", count: 100)
        let found = try JSONSchema(JSONParser.parse(slow)).errors(in: JSONParser.parse(deep), checksMax: 10_000)
        #expect(found == ["the value is too complex for the schema: more than 10000 checks"])
    }

    @Test func nestingBeyondTheLimitIsRefusedInsteadOfExhaustingTheStack() throws {
        let chain = (0..<2_000).map { ##""d\##($0)": {"$ref": "#/$defs/d\##($0 + 1)"}"## }.joined(separator: ",")
        let schema = ##"{"$ref": "#/$defs/d0", "$defs": {\##(chain), "d2000": true}}"##
        #expect(try errors(schema, "1").first?.contains("nested too deep") == true)
    }

    @Test func numbersAreComparedByValueAndWithoutRounding() throws {
        #expect(try errors(#"{"const": 9007199254740993}"#, "9007199254740992.0").count == 1)
        #expect(try errors(#"{"maximum": 9007199254740992.0}"#, "9007199254740993").count == 1)
        #expect(try errors(#"{"const": {"a": 1, "b": [2.0]}}"#, #"{"b": [2], "a": 1.0}"#) == [])
        #expect(try errors(#"{"multipleOf": 0.01}"#, "19.99") == [])
        #expect(try errors(#"{"multipleOf": 0.01}"#, "19.999").count == 1)
        #expect(try errors(#"{"multipleOf": 10}"#, "9223372036854775807").count == 1)
        #expect(try errors(#"{"exclusiveMinimum": 0}"#, #""no number""#) == [])
    }

    @Test func referencesMayNameAnyPlaceOfTheDocument() throws {
        let schema = ##"{"$ref": "#/$defs/a~1b%25c", "$defs": {"a/b%c": {"type": "string"}}}"##
        #expect(try errors(schema, #""x""#) == [])
        #expect(try errors(schema, "1").count == 1)
    }
}
