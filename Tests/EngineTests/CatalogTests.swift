import Documents
import Glibc
import Jobs
import OrderedCollections
import Testing
import Workflow

@testable import Engine
@testable import Spool

@Suite("The acceptance of a drop")
struct CatalogTests {
    private func catalog(submitters: Submitters? = nil) throws -> Catalog {
        var queue = QueueSettings(name: "default", workflow: "work")
        queue.submitters = submitters
        let yaml = """
            input: {type: object, properties: {ticket: {type: integer}}, required: [ticket]}
            limits: {tokens: 1000, tool_calls: 5}
            steps: [{id: a, prompt: hello}]
            """
        let reader = try MemberReader(Document(Array(yaml.utf8), format: .yaml))
        let names = WorkflowDefinition.Names(models: ["default"], tools: [])
        let workflow = try WorkflowDefinition(reader, name: "work", names: names)
        return Catalog(
            queues: ["default": queue],
            workflows: ["work": Catalog.Entry(workflow: workflow, definition: ["workflow": workflow.source])]
        )
    }

    private func contents(_ text: String, name: String = "a.json", queue: String = "default") -> DropContents {
        let id = JobID(time: Timestamp(milliseconds: 1), high: 0, low: 1)
        let kind = Acceptance.Kind(dropName: name)
        return DropContents(
            queue: queue,
            job: JobName(id: id, dropName: Array(name.utf8)),
            name: name,
            kind: kind,
            size: text.utf8.count,
            sha256: "",
            ownerUID: Int(geteuid()),
            bytes: kind == .document ? Array(text.utf8) : []
        )
    }

    private let now = Timestamp(milliseconds: 1_000_000)

    @Test("A batch is accepted with the number of its lines, up to a limit")
    func batch() throws {
        var contents = contents("", name: "a.jsonl")
        contents.outline = outline(String(repeating: "1\n", count: BatchFile.linesMax))
        let acceptance = try catalog().makeAcceptance(contents, at: now)
        #expect(acceptance.lines == BatchFile.linesMax && acceptance.form == .lines)
        contents.outline = outline(String(repeating: "1\n", count: BatchFile.linesMax + 1))
        #expect(throws: Rejection("it has 500001 lines; 500000 is the most: split it")) {
            try catalog().makeAcceptance(contents, at: now)
        }
    }

    private func outline(_ text: String) -> BatchOutline {
        var outline = BatchOutline(fileName: "a.jsonl")
        outline.add(Array(text.utf8))
        outline.end()
        return outline
    }

    @Test("A batch file without a line is rejected with a reason that says so")
    func noBatch() throws {
        var contents = contents("", name: "a.jsonl")
        contents.outline = outline("\n")
        #expect(throws: Rejection("the batch is empty: it has no line with anything in it")) {
            try catalog().makeAcceptance(contents, at: now)
        }
    }

    @Test("The digest of a document with a key depends on its workflow and its input alone")
    func request() throws {
        func digest(_ text: String, name: String = "a.json") throws -> String? {
            try catalog().makeAcceptance(contents(text, name: name), at: now).inputSHA256
        }
        let first = try digest(#"{"idempotency_key":"k","input":{"ticket":1,"user":"a"}}"#)
        #expect(first != nil)
        #expect(try digest(#"{"input":{"user":"a","ticket":1},"idempotency_key":"k","priority":7}"#) == first)
        #expect(try digest("idempotency_key: k\ninput: {ticket: 1, user: a}\n", name: "a.yaml") == first)
        #expect(try digest(#"{"idempotency_key":"k","workflow":"work","input":{"ticket":1,"user":"a"}}"#) == first)
        #expect(try digest(#"{"idempotency_key":"k","input":{"ticket":2,"user":"a"}}"#) != first)
        #expect(try digest(#"{"input":{"ticket":1}}"#) == nil)
    }

    @Test("A batch records all configured models and its line models; other jobs record only their own models")
    func lineModels() throws {
        var queue = QueueSettings(name: "default", workflow: "work")
        queue.lineModels = ["gpt-4o": "small"]
        let reader = try MemberReader(
            Document(Array("models: {gpt-4o: big, o3: big}\nsteps: [{id: a, prompt: hello}]".utf8), format: .yaml)
        )
        let names = WorkflowDefinition.Names(models: ["default", "small", "big"], tools: [])
        let entry = Catalog.Entry(
            workflow: try WorkflowDefinition(reader, name: "work", names: names),
            definition: ["models": ["default": [:]]],
            allModels: ["default": [:], "small": [:], "big": [:]]
        )
        let catalog = Catalog(queues: ["default": queue], workflows: ["work": entry])
        let batch = try catalog.makeAcceptance(contents("x", name: "a.jsonl"), at: now).definition
        #expect(batch["models"]?.object?.count == 3)
        #expect(batch["line_models"] == ["gpt-4o": "small", "o3": "big"])
        let text = try catalog.makeAcceptance(contents("x", name: "a.txt"), at: now).definition
        #expect(text["models"]?.object?.count == 1 && text["line_models"] == nil)
    }

    @Test("A document's settings are accepted, and its limits can only lower the workflow's")
    func document() throws {
        let text = """
            {"input": {"ticket": 1}, "priority": 7, "run_after": "2m", "deadline": "1970-01-01T01:00:00Z",
             "labels": {"customer": "acme"}, "limits": {"tokens": 10, "tool_calls": 50}, "idempotency_key": "k"}
            """
        let acceptance = try catalog().makeAcceptance(contents(text), at: now)
        #expect(acceptance.priority == 7 && acceptance.idempotencyKey == "k")
        #expect(acceptance.runAt == now + .seconds(120))
        #expect(acceptance.deadline == Timestamp(milliseconds: 3_600_000))
        #expect(acceptance.labels == ["customer": "acme"])
        #expect(acceptance.limits.tokens == 10 && acceptance.limits.toolCalls == 5)
        #expect(acceptance.workflow == "work" && acceptance.file == "job.json")
    }

    @Test("A file of any other kind is accepted as it is", arguments: ["a.txt", "a.jsonl", "none"])
    func otherFiles(name: String) throws {
        let acceptance = try catalog().makeAcceptance(contents("x", name: name), at: now)
        #expect(acceptance.name == name && acceptance.priority == 0)
    }

    @Test(
        "A wrong document is rejected with a sentence that names line and member",
        arguments: [
            ("{", "line 1: not valid JSON at column 2: "),
            ("[]", "line 1: an object with members was expected, not an array"),
            ("{\n\"worklow\": \"work\"}", "line 2: worklow: unknown member; did you mean \"workflow\"?"),
            ("{\"workflow\": \"wrok\"}", "line 1: workflow: there is no workflow \"wrok\"; there are: work"),
            ("{\n\n\"priority\": 10}", "line 3: priority: a whole number from 0 to 9 was expected, not 10"),
            ("{\"run_after\": \"soon\"}", "line 1: run_after: a duration such as 2h, or an RFC 3339 time"),
            ("{\n\"input\": {\"ticket\": \"x\"}}", "line 2: input: does not fit the input schema of work: "),
            ("{}", "line 1: input: does not fit the input schema of work: "),
        ]
    )
    func refusals(text: String, beginning: String) throws {
        let catalog = try catalog()
        let rejection = try #require(throws: Rejection.self) { try catalog.makeAcceptance(contents(text), at: now) }
        #expect(rejection.reason.hasPrefix(beginning), "\(rejection.reason)")
    }

    @Test("A drop is rejected when its queue is unknown, or its submitter is not on the queue's list")
    func submitters() throws {
        let text = #"{"input": {"ticket": 1}}"#
        let me = UserNames.name(of: Int(geteuid()))
        _ = try catalog(submitters: Submitters(users: [me], groups: [])).makeAcceptance(contents(text), at: now)
        let mine = UserNames.groups(of: Int(geteuid()))
        _ = try catalog(submitters: Submitters(users: [], groups: mine)).makeAcceptance(contents(text), at: now)
        let others = try catalog(submitters: Submitters(users: ["nobody-else"], groups: ["no-such-group"]))
        let rejection = try #require(throws: Rejection.self) { try others.makeAcceptance(contents(text), at: now) }
        #expect(rejection.reason == "\(me) may not submit to the queue default")
        let unknown = try #require(throws: Rejection.self) {
            try others.makeAcceptance(contents(text, queue: "nowhere"), at: now)
        }
        #expect(unknown.reason == "there is no queue nowhere")
    }
}
