import Documents
import Engine
import Foundation
import Glibc
import Jobs
import OrderedCollections
import Spool
import SystemPackage
import TestKit
import Testing
import Threads
import Workflow

@testable import Client

@Suite("A drop that is written for another")
struct SubmissionWriterTests {
    private let bed: ClientSpool
    private let service: SubmissionService
    private let catalog: Catalog

    init() throws {
        bed = try ClientSpool()
        let threads = WorkerThreads(count: 2)
        let spool = bed.spool
        service = SubmissionService(
            spool: spool,
            durability: Durability(
                fileSystem: spool.fileSystem,
                root: spool.root,
                threads: threads,
                mode: .automatic
            ),
            threads: threads,
            identifiers: JobIDGenerator(clock: .system, random: { UInt64.random(in: .min ... .max) }),
            clock: .system
        )
        let text = """
            input: {type: object, properties: {ticket: {type: integer}}, required: [ticket]}
            steps: [{id: a, prompt: hello}]
            """
        let reader = try MemberReader(Document(Array(text.utf8), format: .yaml))
        let names = WorkflowDefinition.Names(models: ["default"], tools: [])
        let workflow = try WorkflowDefinition(reader, name: "work", names: names)
        var queue = QueueSettings(name: "default", workflow: "work")
        queue.sizeMax = 1_000
        catalog = Catalog(
            queues: ["default": queue],
            workflows: ["work": Catalog.Entry(workflow: workflow, definition: [:])]
        )
    }

    private func begin(_ name: String, key: String? = nil, queue: String = "default") throws -> SubmissionWriter {
        let owner = Owner(uid: 4_711, name: "alice")
        return try service.begin(.init(queue: queue, name: name, owner: owner, idempotencyKey: key), catalog)
    }

    private func files(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(bed.path)/\(directory)").sorted()
    }

    private func nothingIsLeft() throws -> Bool {
        try ["tmp", "submitted", "inbox/default"].allSatisfy { try files($0).isEmpty }
    }

    @Test("The drop lies in its inbox under its id, whole, and who submitted it beside it")
    func submitted() async throws {
        let writer = try begin("note.txt", key: "k")
        try writer.append(Array("one ".utf8))
        try writer.append(Array("two".utf8))
        #expect(try files("inbox/default").isEmpty)
        #expect(try await writer.finish() == .submitted(writer.job))
        #expect(try files("inbox/default") == ["\(writer.job)"])
        #expect(try files("tmp").isEmpty)
        let text = try String(contentsOfFile: "\(bed.path)/inbox/default/\(writer.job)", encoding: .utf8)
        #expect(text == "one two")
        let submission = try Submission.read(of: writer.job.id, in: bed.spool)
        #expect(submission == Submission(owner: Owner(uid: 4_711, name: "alice"), idempotencyKey: "k"))
        writer.abort()
        #expect(try files("inbox/default").count == 1 && files("submitted").count == 1)
    }

    @Test("A drop that is given up, by name or by letting go, leaves nothing")
    func aborted() throws {
        let writer = try begin("note.txt")
        try writer.append([1])
        writer.abort()
        #expect(throws: SubmissionError.self) { try writer.append([1]) }
        do { _ = try begin("other.txt") }
        #expect(try nothingIsLeft())
    }

    @Test(
        "What the daemon would refuse is refused before it is a drop",
        arguments: [
            ("a.json", "{\"input\": {\"ticket\": \"x\"}}", "refused"), ("a.json", "{\"input\": ", "malformed"),
            ("a.json", "{\"workflow\": \"none\"}", "refused"), ("a.jsonl", "", "malformed"),
            ("a.txt", String(repeating: "x", count: 1_001), "tooLarge"),
        ]
    )
    func refused(_ name: String, _ text: String, _ expected: String) async throws {
        let writer = try begin(name)
        let error = await #expect(throws: SubmissionError.self) {
            try writer.append(Array(text.utf8))
            _ = try await writer.finish()
        }
        let kind =
            switch error {
            case .refused: "refused"
            case .malformed: "malformed"
            case .tooLarge: "tooLarge"
            default: "\(String(describing: error))"
            }
        #expect(kind == expected || (name == "a.jsonl" && kind == "refused"))
        writer.abort()
        #expect(try nothingIsLeft())
    }

    @Test("A name that begins with a job's id, an empty one and an unknown queue are refused")
    func names() throws {
        let id = service.identifiers.next()
        #expect(throws: SubmissionError.self) { try begin("\(id)-a.txt") }
        #expect(throws: SubmissionError.self) { try begin("") }
        #expect(throws: SubmissionError.self) { try begin("a.txt", queue: "none") }
        #expect(try nothingIsLeft())
    }

    @Test("Many at once are all in the inbox, each with its submitter")
    func concurrent() async throws {
        let writers = try (0..<64).map { try begin("\($0).txt") }
        try await withThrowingTaskGroup { group in
            for writer in writers {
                group.addTask {
                    try writer.append([1])
                    _ = try await writer.finish()
                }
            }
            try await group.waitForAll()
        }
        #expect(try files("inbox/default").count == 64)
        #expect(try files("submitted") == writers.map(\.job.id.text).sorted())
    }

    @Test("A drop of a user in an inbox is listed as his, and not as another's")
    func listed() async throws {
        let writer = try begin("note.txt")
        _ = try await writer.finish()
        func names(_ owner: JobFilter.OwnerCondition) async throws -> [String] {
            var filter = JobFilter()
            filter.owner = owner
            return try await JobListing(of: bed.client, filter, limit: 10).rows.map(\.summary.name)
        }
        #expect(try await names(.exactly(Owner(uid: 4_711, name: "alice"))) == ["note.txt"])
        #expect(try await names(.named("alice")) == ["note.txt"])
        #expect(try await names(.exactly(.token("alice"))).isEmpty)
        #expect(try await names(.named("root")).isEmpty)
    }
}
