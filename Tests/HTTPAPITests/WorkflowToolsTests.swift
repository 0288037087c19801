import Documents
import Engine
import JSONSchema
import OrderedCollections
import Spool
import Testing
import Workflow

@testable import HTTPAPI

@Suite("Workflows as tools") struct WorkflowToolsTests {
    private func catalog(_ workflows: [(name: String, yaml: String)]) throws -> Catalog {
        var entries: OrderedDictionary<String, Catalog.Entry> = [:]
        for (name, yaml) in workflows {
            let reader = try MemberReader(Document(Array(yaml.utf8), format: .yaml))
            let names = WorkflowDefinition.Names(models: ["default"], tools: [])
            let workflow = try WorkflowDefinition(reader, name: name, names: names)
            entries[name] = Catalog.Entry(workflow: workflow, definition: [:])
        }
        return Catalog(queues: [:], workflows: entries)
    }

    private func queue(_ name: String, _ workflow: String, accept: [String] = []) throws -> QueueSettings {
        var queue = QueueSettings(name: name, workflow: workflow)
        queue.names = NameRules(accept: try accept.map { try NamePattern($0) })
        return queue
    }

    @Test("A job goes to the first queue whose workflow it is, else to the first that takes documents")
    func queues() throws {
        let step = "steps: [{id: a, prompt: hello}]"
        let catalog = try catalog([("mail", step), ("scan", step), ("other", step)])
        let queues = [
            try queue("pictures", "scan", accept: ["*.png"]), try queue("tickets", "mail"), try queue("scans", "scan"),
        ]
        let tools = WorkflowTools.tools(catalog, queues, taken: [])
        #expect(
            tools.map(\.action) == [
                .run(workflow: "mail", queue: "tickets", isWrapped: false),
                .run(workflow: "scan", queue: "scans", isWrapped: false),
                .run(workflow: "other", queue: "tickets", isWrapped: false),
            ]
        )
        #expect(WorkflowTools.tools(catalog, [queues[0]], taken: []).isEmpty)
    }

    @Test("A workflow with the name of another tool gets a suffix that no workflow has")
    func clash() throws {
        let step = "steps: [{id: a, prompt: hello}]"
        let catalog = try catalog([("list_jobs", step), ("list_jobs_workflow", step)])
        let tools = WorkflowTools.tools(catalog, [try queue("q", "x")], taken: JobTools.names)
        #expect(tools.map(\.name) == ["list_jobs_workflow_workflow", "list_jobs_workflow"])
    }

    @Test(
        "The schema of the arguments is an object, whatever the workflow's is",
        arguments: [
            (nil, #"{"type":"object","properties":{"text":{"type":"string"}}}"#, false),
            ("{}", #"{"type":"object","properties":{}}"#, false),
            (#"{"type":"object","required":["a"]}"#, #"{"type":"object","required":["a"],"properties":{}}"#, false),
            (#"{"type":["object","null"]}"#, #"{"type":"object","properties":{}}"#, false),
            (
                #"{"type":"string"}"#,
                #"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#, true
            ),
            // anthropics/claude-code#88049, opentokenz/mcpx#28: one such tool, and the client drops it or all others.
            (
                ##"{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"type":"object"}}}"##,
                ##"{"type":"object","properties":{"input":{"anyOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"type":"object"}}}},"required":["input"],"$defs":{"a":{"type":"object"}}}"##,
                true
            ),
            ("true", #"{"type":"object","properties":{"input":true},"required":["input"]}"#, true),
        ] as [(String?, String, Bool)]
    )
    func input(schema: String?, expected: String, isWrapped: Bool) throws {
        let (input, wrapped) = WorkflowTools.input(try schema.map { try JSONParser.parse($0) })
        #expect(input.text == expected)
        #expect(wrapped == isWrapped)
    }

    @Test("The schema of the output takes the output, and also the answer that a job still runs")
    func output() throws {
        let yaml =
            "steps: [{id: a, prompt: hello, output: {type: object, properties: {n: {type: integer}}, required: [n]}}]"
        let tool = try #require(WorkflowTools.tools(catalog([("w", yaml)]), [queue("q", "w")], taken: []).first)
        let schema = try JSONSchema(try #require(tool.output))
        #expect(schema.errors(in: ["n": 1]).isEmpty)
        #expect(schema.errors(in: ["job": "x", "state": "held", "why": .null]).isEmpty)
        #expect(!schema.errors(in: ["n": "1"]).isEmpty)
    }

    @Test(
        "Without a schema that always holds, none is promised",
        arguments: [
            "steps: [{id: a, prompt: hello}]", "steps: [{id: a, prompt: hello, output: {type: string}}]",
            "{steps: [{id: a, prompt: hello, output: {type: object}}], output: {x: 1}}",
            "steps: [{id: a, prompt: hello, when: input.x, output: {type: object}}]",
        ]
    )
    func noOutput(yaml: String) throws {
        let tool = try #require(WorkflowTools.tools(catalog([("w", yaml)]), [queue("q", "w")], taken: []).first)
        #expect(tool.output == nil)
    }

    @Test("Tools that only read say so, and those that do something do not")
    func hints() {
        let reads = JobTools.tools(answers: true).filter(\.hints.readsOnly).map(\.name)
        #expect(reads == ["job_status", "job_result", "list_jobs"])
        #expect(JobTools.tools(answers: false).allSatisfy { !["approve_job", "deny_job"].contains($0.name) })
    }
}
