import Documents
import JSONSchema
import Jobs
import Testing
import Tools

@testable import Workflow

@Suite struct StructuredAnswerTests {
    private static let object: JSON = ["type": "object", "properties": ["a": ["type": "integer"]], "required": ["a"]]

    @Test(
        "what stands around a single value is ignored",
        arguments: [
            #"{"a":1}"#, " \n{\"a\":1}\n", "```json\n{\"a\":1}\n```", "```\n{\"a\":1}\n```", "```JSON {\"a\":1}```",
            "Sure! Here it is:\n```json\n{\"a\":1}\n```\nAnything else?", #"The answer is {"a":1}."#,
            #"The answer is {"a":1}; again: {"a":1}."#, "<think>{\"a\":2}, no.</think>{\"a\":1}",
            "<thinking>\nSo {urgent}.\n</thinking>\n{\"a\":1}", "So it is one.\n</think>\n\n{\"a\":1}",
            "<think>Hm.</think>\n```json\n{\"a\":1}\n```", #"As {this} says: {"a":1}"#, #"See [1] and {"a":1}"#,
            "The text \"}\" closes, so: {\"a\":1}",
        ]
    )
    func forgiven(text: String) throws {
        #expect(try StructuredAnswer.read(text, JSONSchema(Self.object)).get() == ["a": 1])
    }

    @Test("a string in the value that contains thinking tags stays as it is")
    func tagsInside() throws {
        let schema = try JSONSchema(["type": "object"])
        let text = #"{"quote":"He wrote <reasoning>x</reasoning> here"}"#
        #expect(try StructuredAnswer.read(text, schema).get() == JSONParser.parse(text))
    }

    @Test(
        "an answer with two different values, half a value or no value is refused",
        arguments: [
            (#"{"a":1} or {"a":2}"#, "2 different JSON values"),
            ("```json\n{\"a\":1}\n```\n```json\n{\"a\":2}\n```", "2 different JSON values"),
            (#"{"a":1"#, "not JSON"), (#"{"list":[{"a":1},{"a":2"#, "not JSON"), (#"[{"x": {"a":1}"#, "not JSON"),
            ("sure!", "not JSON"), (#"{"a":"1"}"#, "/a"), ("", "not JSON"),
        ]
    )
    func refused(text: String, reason: String) throws {
        guard case .failure(let misfit) = StructuredAnswer.read(text, try JSONSchema(Self.object)) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(misfit.reason.contains(reason))
    }

    @Test("a value that is no object is read where no prose stands around it", arguments: ["5", " 5\n", "```\n5\n```"])
    func scalar(text: String) throws {
        #expect(try StructuredAnswer.read(text, JSONSchema(["type": "integer"])).get() == 5)
    }
}
