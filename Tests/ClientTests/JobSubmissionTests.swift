import Documents
import FoundationEssentials
import Glibc
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing

@testable import Client

@Suite("Submitting jobs")
struct JobSubmissionTests {
    private let bed: ClientSpool

    init() throws { bed = try ClientSpool() }

    private func submit(_ drop: SubmittedDrop) async throws -> JobSubmission.Outcome {
        try await JobSubmission(bed.client, queue: "default").submit(drop)
    }

    @Test("A drop is written aside and renamed: it lies whole in the inbox, other users can read it, nothing is left")
    func writesAside() async throws {
        let text = "write a haiku\n"
        let drop = try SubmittedDrop(SubmittedInput(name: "haiku.txt", bytes: Array(text.utf8)))
        guard case .submitted(let job) = try await submit(drop) else {
            Issue.record("it was not submitted")
            return
        }
        #expect(job.drop == "haiku.txt")
        #expect(names(in: "\(bed.path)/inbox/default") == [job.description])
        #expect(names(in: "\(bed.path)/tmp") == [])
        let path = "\(bed.path)/inbox/default/\(job)"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o444 == 0o444)
    }

    @Test("Settings and a text make a document whose input has the text and the members")
    func document() throws {
        let settings = SubmittedDrop.Settings(workflow: "prompt", inputs: ["urgent": true], key: "k")
        let drop = try SubmittedDrop(SubmittedInput(name: "mail.txt", bytes: Array("hello".utf8)), settings)
        #expect(drop.name == "mail.json")
        let value = try JSONParser.parse(drop.bytes)
        #expect(value["input"] == ["text": "hello", "name": "mail.txt", "urgent": true])
        #expect(value["workflow"] == "prompt" && drop.document?.idempotencyKey == "k")
    }

    @Test("An input without a name is taken as what it holds, and one with a name as what that says")
    func recognized() throws {
        let bytes = Array("{\"input\": \"hi\"}".utf8)
        let unnamed = try SubmittedDrop(SubmittedInput(name: "stdin.txt", bytes: bytes, isNamed: false))
        #expect((unnamed.name, unnamed.takenAs) == ("stdin.json", .json))
        let named = try SubmittedDrop(SubmittedInput(name: "note.txt", bytes: bytes))
        #expect((named.name, named.takenAs) == ("note.txt", nil))
        let told = try SubmittedDrop(SubmittedInput(name: "stdin.txt", bytes: bytes, isNamed: false), as: .text)
        #expect((told.name, told.takenAs) == ("stdin.txt", nil))
    }

    @Test("A second drop with a key repeats the one that waits, and is refused when it asks for something else")
    func key() async throws {
        func drop(_ text: JSON) throws -> SubmittedDrop {
            try SubmittedDrop(nil, SubmittedDrop.Settings(inputs: ["prompt": text], key: "k"))
        }
        guard case .submitted(let first) = try await submit(drop("a")) else {
            Issue.record("it was not submitted")
            return
        }
        #expect(try await submit(drop("a")) == .repeats(first.id))
        let error = await bed.failure { _ = try await submit(drop("b")) }
        #expect(error == ClientError("the key k was used by job \(first.id) for another input", .data))
        #expect(names(in: "\(bed.path)/inbox/default") == [first.description])
    }

    @Test("A queue that is not there, and one that is not configured, are refused")
    func noQueue() async throws {
        let missing = await bed.failure { _ = try JobSubmission(bed.client, queue: "nope") }
        #expect(missing == ClientError("there is no queue \"nope\" in \(bed.path); there are: default", .noInput))
        try bed.spool.fileSystem.ensureDirectory("inbox/stray", in: bed.spool.root, mode: 0o755)
        let stray = await bed.failure { _ = try JobSubmission(bed.client, queue: "stray") }
        #expect(stray?.kind == .noInput)
        #expect(stray?.message.contains("no daemon would take the job from its directory") == true)
    }

    @Test("Waiting for a drop without a daemon says that it waits in its inbox")
    func waitWithoutDaemon() async throws {
        let drop = try SubmittedDrop(SubmittedInput(name: "haiku.txt", bytes: [0x61]))
        guard case .submitted(let job) = try await submit(drop) else {
            Issue.record("it was not submitted")
            return
        }
        let error = await bed.failure { _ = try await JobWait(bed.client, job: job).end { _, _ in } }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains("the job waits in its inbox") == true)
    }
}
