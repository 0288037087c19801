import Documents
import Jobs
import OrderedCollections
import Testing

@testable import Tools

@Suite("The settings of an MCP server")
struct MCPServerSettingsTests {
    private func read(_ yaml: String, name: String = "time") throws -> MCPServerSettings {
        try MCPServerSettings(MemberReader(Document(Array(yaml.utf8), format: .yaml)), name: name)
    }

    @Test("Settings of an MCP server have defaults")
    func defaults() throws {
        let settings = try read("command: [x]")
        #expect(settings.launch.command == ["x"] && settings.launch.environment.isEmpty)
        #expect(settings.timeout == .seconds(30) && settings.launch.startTimeout == .seconds(15))
        #expect(settings.tools.isEmpty)
    }

    @Test("Settings of an MCP server are read again as they were, with the policy members")
    func roundTrip() throws {
        let first = try read(
            """
            command: [mcp-server-time, --local-timezone, UTC]
            environment: [TIME_KEY]
            timeout: 45s
            start_timeout: 90s
            tools: {get_current_time: {effect: read, timeout: 1500ms, approval: always, allow: [{x: 1}]}}
            """
        )
        let again = try MCPServerSettings(MemberReader(Document(first.json.bytes, format: .json)), name: "time")
        #expect(again == first && again.json == first.json)
        let tool = first.tools["get_current_time"]
        #expect(tool?.effect == .read && tool?.timeout == .milliseconds(1_500))
        #expect(tool?.json["approval"] == "always" && tool?.json["allow"] == [["x": 1]])
    }

    @Test(
        "Wrong settings of an MCP server are refused, and the error names the place",
        arguments: [
            ("time", "effect: read", "", "unknown member"), ("time", "timeout: 5s", "", "\"command\" is missing"),
            ("time", "command: []", "command", "not an empty one"),
            ("time", "{command: [x], environment: [A=b]}", "environment.0", "the name of a variable"),
            ("time", "{command: [x], timeout: 0s}", "timeout", "a duration up to 24h"),
            ("time", "{command: [x], start_timeout: soon}", "start_timeout", "a duration up to 24h"),
            ("time", "{command: [x], tools: {a b: {}}}", "tools.a b", "a tool's name"),
            ("time", "{command: [x], tools: {a: {effect: big}}}", "tools.a.effect", "one of read, idempotent, write"),
            ("time", "{command: [x], tools: {a: {efect: read}}}", "tools.a.efect", "did you mean \"effect\""),
            ("a_b", "command: [x]", "", "a server's name"), ("a.b", "command: [x]", "", "a server's name"),
        ]
    )
    func mistakes(name: String, yaml: String, path: String, reason: String) throws {
        let error = try #require(throws: DocumentError.self) { try read(yaml, name: name) }
        #expect(path.isEmpty || error.path.joined(separator: ".") == path)
        #expect(error.reason.contains(reason))
    }
}
