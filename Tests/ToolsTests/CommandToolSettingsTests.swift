import Documents
import JSONSchema
import Jobs
import Testing

@testable import Tools

struct CommandToolSettingsTests {
    private func settings(_ yaml: String) throws -> CommandToolSettings {
        try CommandToolSettings(MemberReader(Document(Array(yaml.utf8), format: .yaml)), name: "probe")
    }

    private func refusal(_ yaml: String) -> DocumentError? {
        do {
            _ = try settings(yaml)
            return nil
        } catch {
            return error as? DocumentError
        }
    }

    @Test func whatIsLeftOutHasItsDefault() throws {
        let settings = try settings("command: [tools/x]")
        #expect(settings.name == "probe")
        #expect(settings.summary.isEmpty)
        #expect(settings.parameters.source == ["type": "object"])
        #expect(settings.effect == .write)
        #expect(settings.timeout == .seconds(60))
        #expect(settings.outputLimit == 1 << 20)
        #expect(settings.environment.isEmpty)
        #expect(settings.check == nil)
    }

    @Test func theResolvedSettingsAreReadAgainAsTheyWere() throws {
        let texts = [
            "command: [x]",
            """
            description: Looks an order up.
            command: [tools/find-order, --fast]
            parameters: {type: object, properties: {order: {type: string}}, required: [order]}
            effect: read
            timeout: 1500ms
            max_output: 64KB
            environment: [ORDERS_URL, https_proxy]
            check: [tools/find-ticket]
            approval: never
            """,
        ]
        for text in texts {
            let first = try settings(text)
            let again = try CommandToolSettings(
                MemberReader(Document(first.json.bytes, format: .json)),
                name: "probe"
            )
            #expect(again == first)
            #expect(again.json == first.json)
        }
        #expect(try settings(texts[1]).outputLimit == 64_000)
    }

    @Test(
        "A wrong setting is refused, and the error names its member",
        arguments: [
            ("effect: read", "", "\"command\" is missing"), ("command: []", "command", "not an empty one"),
            ("command: ['']", "command", "not an empty one"), ("command: ls", "command", "a list of strings"),
            ("{command: [x], comand: [y]}", "comand", "did you mean \"command\""),
            ("{command: [x], effect: none}", "effect", "one of read, idempotent, write"),
            ("{command: [x], timeout: 25h}", "timeout", "up to 24h"),
            ("{command: [x], timeout: 0s}", "timeout", "up to 24h"),
            ("{command: [x], max_output: 1GiB}", "max_output", "from 1B to 64MiB"),
            ("{command: [x], max_output: 0}", "max_output", "from 1B to 64MiB"),
            ("{command: [x], environment: [OK, 'A=B']}", "environment.1", "the name of a variable"),
            ("{command: [x], environment: ['']}", "environment.0", "the name of a variable"),
            ("{command: [x], parameters: {properties: {a: {if: {}}}}}", "parameters.properties.a.if", "not supported"),
            ("{command: [x], parameters: {type: array}}", "parameters", "type: object"),
            ("{command: [x], parameters: true}", "parameters", "type: object"),
            ("{command: [x], check: []}", "check", "not an empty one"),
        ]
    )
    func mistakes(_ yaml: String, _ path: String, _ reason: String) throws {
        let error = try #require(refusal(yaml))
        #expect(error.path.joined(separator: ".") == path)
        #expect(error.reason.contains(reason), "\(error)")
        #expect(error.line == 1)
    }

    @Test(
        "Sizes are read and written in powers of 1000 and 1024",
        arguments: [("512B", 512), ("64KB", 64_000), ("1MB", 1_000_000), ("10MiB", 10 << 20), ("2GiB", 2 << 30)]
    )
    func sizes(_ text: String, _ bytes: Int) {
        #expect(ByteSize.bytes(text) == bytes)
        #expect(ByteSize.text(bytes) == text)
    }

    @Test(
        "A text that is not a size is refused",
        arguments: ["", "10", "MB", "-1KB", "1.5MB", "1mb", "9999999999999999999B", "99999999999GiB"]
    )
    func noSizes(_ text: String) { #expect(ByteSize.bytes(text) == nil) }
}
