import Documents
import Jobs
import Testing

@testable import Models

@Suite("Schemas of tools, adapted to providers")
struct ToolSchemaTests {
    private static let empty = #"{"type":"object","properties":{}}"#

    @Test(
        "Each schema becomes one that every provider accepts",
        arguments: [
            ("null", empty), ("{}", empty), ("true", empty), (#"{"type":"object"}"#, empty),
            (#"{"type":"object","properties":null}"#, empty),
            (#"{"type":"object","properties":{},"required":[]}"#, empty),
            (#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"x","type":"object"}"#, empty),
            (#"{"type":["object","null"]}"#, empty), (#"{"type":"object","required":null,"description":null}"#, empty),
            (#"{"properties":{"a":{"type":"string"}}}"#, #"{"type":"object","properties":{"a":{"type":"string"}}}"#),
            (
                #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a","b"]}"#,
                #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#
            ),
            (
                #"{"type":"object","properties":{"a":null,"b":true}}"#,
                #"{"type":"object","properties":{"a":{},"b":{}}}"#
            ),
            (
                #"{"type":"object","properties":{"a":{"type":"string","description":null,"enum":null,"default":null}}}"#,
                #"{"type":"object","properties":{"a":{"type":"string","default":null}}}"#
            ),
            (
                #"{"type":"object","properties":{"a":{"type":"array"}}}"#,
                #"{"type":"object","properties":{"a":{"type":"array","items":{}}}}"#
            ),
            (
                #"{"type":"object","properties":{"a":{"type":"object"}}}"#,
                #"{"type":"object","properties":{"a":{"type":"object","properties":{}}}}"#
            ),
            (
                #"{"type":"object","properties":{"$schema":{"type":"string"}}}"#,
                #"{"type":"object","properties":{"$schema":{"type":"string"}}}"#
            ),
            (
                #"{"anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"type":"string"}}}]}"#,
                #"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#
            ),
            (
                ##"{"$ref":"#/$defs/x","$defs":{"x":{"type":"object","properties":{"a":{"type":"string"}}}}}"##,
                ##"{"type":"object","properties":{"a":{"type":"string"}},"$defs":{"x":{"type":"object","properties":{"a":{"type":"string"}}}}}"##
            ),
        ]
    )
    func fit(given: String, told: String) throws {
        let fitted = ToolSchema.fit(try JSONParser.parse(given.utf8))
        #expect(fitted.text == (try JSONParser.parse(told.utf8)).text)
    }

    @Test("Both providers send adapted schemas of tools, and an answer's schema is sent without metadata")
    func sent() throws {
        let tools = [ToolDescription(name: "now", description: "", parameters: .null)]
        let schema: JSON = ["$schema": "x", "type": "object"]
        let openAI = try OpenAIRequest.body(request(tools: tools, schema: schema), model: "m", parameters: [:])
        #expect(openAI["tools"]?.array?.first?["function"]?["parameters"]?.text == Self.empty)
        #expect(openAI["response_format"]?["json_schema"]?["schema"] == ["type": "object"])
        let anthropic = try AnthropicRequest.body(request(tools: tools), model: "m", parameters: [:])
        #expect(anthropic["tools"]?.array?.first?["input_schema"]?.text == Self.empty)
    }
}
