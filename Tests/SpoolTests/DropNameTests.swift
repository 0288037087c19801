import Documents
import Foundation
import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A drop's name")
struct DropNameTests {
    private func accept(_ name: [UInt8]) async throws -> (spool: TestSpool, job: OwnedJob) {
        let spool = try TestSpool()
        let file = try spool.create(name)
        write(file, "hello", 5)
        close(file)
        let job = try await spool.node().accepted(Drop(queue: TestSpool.queue, name: name)).0
        return (spool, job)
    }

    @Test(
        "A drop may have any name, and its job's name is fit to be shown",
        arguments: [
            ("a\nb.txt", "a_b.txt"), ("a\u{1B}[31m\u{7F}", "a_[31m_"), ("\u{85}x", "_x"),
            ("history.jsonl", "history.jsonl"),
            ("result.json", "result.json"), ("drop@default", "drop@default"), ("copy", "copy"), ("-", "-"),
            ("ä ö", "ä ö"),
        ]
    )
    func names(_ name: String, _ expected: String) async throws {
        let (spool, job) = try await accept(Array(name.utf8))
        #expect(job.name.drop == expected)
        let file = try #require(job.replay.acceptance?.file)
        #expect(spool.tree("processing/a/\(job.name)") == ["history.jsonl", file].sorted())
        #expect(spool.text("processing/a/\(job.name)/\(file)") == "hello")
    }

    @Test("A drop's name need not be UTF-8")
    func bytes() async throws {
        let (spool, job) = try await accept([0xFF, 0xFE, UInt8(ascii: "a")])
        #expect(job.name.drop.hasSuffix("a"))
        #expect(spool.text("processing/a/\(job.name)/job") == "hello")
        #expect(spool.tree("inbox/default") == [])
    }

    @Test("A drop's name of 255 bytes is shortened, and fits in deferred too")
    func long() async throws {
        let (spool, job) = try await accept(Array((String(repeating: "n", count: 250) + ".json").utf8))
        #expect(job.name.drop.utf8.count <= JobName.dropBytesMax)
        #expect(job.name.drop.hasSuffix(".json"))
        #expect(spool.exists("processing/a/\(job.name)/job.json"))
    }

    @Test("A drop whose name is not UTF-8 stays in the inbox while a process writes it")
    func writtenBytes() async throws {
        let spool = try TestSpool()
        let file = try spool.create([0xFF])
        let node = try await spool.node()
        let outcome = try await node.accept(Drop(queue: TestSpool.queue, name: [0xFF]))
        guard case .unfinished(nil) = outcome else { throw Unexpected("\(outcome)") }
        write(file, "hello", 5)
        close(file)
        let (job, _) = try await node.accepted(Drop(queue: TestSpool.queue, name: [0xFF]))
        #expect(spool.text("processing/a/\(job.name)/job") == "hello")
    }
}
