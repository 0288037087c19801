import Documents
import Jobs
import OrderedCollections
import Testing

@testable import Daemon

@Suite("The differences between two configurations")
struct ConfigurationChangesTests {
    /// An edit of the configuration, and the sentence about it.
    struct Edit: CustomTestStringConvertible, Sendable {
        var what: String
        var before = ""
        var after: String
        var sentence: String

        init(_ what: String, from before: String = "", to after: String, _ sentence: String) {
            (self.what, self.before, self.after, self.sentence) = (what, before, after, sentence)
        }

        var testDescription: String { what }
    }

    private func configuration(_ text: String) throws -> SpoolConfiguration {
        let models = text.contains("models:") ? "" : "models: {default: {provider: scripted, script: s.yaml}}\n"
        return try SpoolConfiguration(
            Document(Array("\(models)\(text)".utf8), format: .yaml, name: "a.yaml"),
            directory: "/"
        )
    }

    private static let model = "provider: openai, base_url: 'http://127.0.0.1/v1', model: m"

    @Test(
        "A sentence describes each difference, and none where both mean the same",
        arguments: [
            Edit("another form", from: "queues:\n  a: {workflow: prompt}", to: "queues: {a: {}}", "nothing changed"),
            Edit("a default spelled out", from: "queues: {a: {}}", to: "queues: {a: {priority: 0}}", "nothing changed"),
            Edit("the default queue spelled out", to: "queues: {default: {concurrency: 4}}", "nothing changed"),
            Edit(
                "one queue added, one removed",
                from: "queues: {a: {}, b: {}}",
                to: "queues: {a: {}, c: {}}",
                "queue c: added; queue b: removed: takes no more drops; its accepted jobs go on to their end"
            ),
            Edit(
                "settings of a queue",
                from: "queues: {a: {concurrency: 2, accept: '*.pdf'}}",
                to: "queues: {a: {concurrency: 3, accept: ['*.txt'], priority: 9}}",
                "queue a: concurrency 2 → 3, accept, priority default → 9"
            ),
            Edit(
                "a model's key: its place is not shown",
                from: "models: {default: {\(model)}, x: {\(model), api_key: {env: A}}}",
                to: "models: {default: {\(model)}, x: {\(model), api_key: {env: B}}}",
                "model x: api_key"
            ),
            Edit(
                "a workflow's prompt",
                from: "workflows: {w: {steps: [{id: a, prompt: one}]}}",
                to: "workflows: {w: {steps: [{id: a, prompt: two}]}}",
                "workflow w: steps"
            ),
            Edit(
                "a tool's policy",
                from: "tools: {t: {command: [x], effect: read}}",
                to: "tools: {t: {command: [x], effect: read, approval: always}}",
                "tool t: approval"
            ),
            Edit(
                "a server's program",
                from: "mcp_servers: {s: {command: [x]}}",
                to: "mcp_servers: {s: {command: [y]}}",
                "MCP server s: command"
            ),
            Edit("workers", to: "workers: {concurrency: 5}", "workers: concurrency default → 5"),
            Edit("redaction rules", to: "redact: [{pattern: 'A-[0-9]+'}]", "redact: changed, for jobs that start now"),
        ]
    )
    func edit(row: Edit) throws {
        let changes = ConfigurationChanges(from: try configuration(row.before), to: try configuration(row.after))
        #expect(changes.sentence == row.sentence)
        #expect(changes.isEmpty == (row.sentence == "nothing changed"))
        // The form for programs says the same.
        #expect(ConfigurationChanges(JSON(members: changes.members)).sentence == row.sentence)
    }

    @Test("A changed script of a model is a difference")
    func contents() throws {
        let same = try configuration("")
        let changes = ConfigurationChanges(from: same, to: same, contents: ["default"])
        #expect(changes.sentence == "model default: the file that it names")
    }

    @Test("Differences are read from an answer, also from one of a later version with more members")
    func answer() throws {
        let changes = ConfigurationChanges(from: try configuration(""), to: try configuration("queues: {a: {}}"))
        let answer = ReloadAnswer(
            node: "n",
            configuration: "/a.yaml",
            at: Timestamp(milliseconds: 1_795_428_000_000),
            .success(changes)
        )
        let more = JSON(members: [("schedules", ["added": []])] + (answer.json.object ?? [:]).map { ($0, $1) })
        #expect(ReloadAnswer(more) == answer)
        #expect(ReloadAnswer(JSON(members: [("node", "n")])) == nil)
    }
}
