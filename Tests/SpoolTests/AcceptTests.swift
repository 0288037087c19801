import Documents
import Glibc
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("Accepting a drop")
struct AcceptTests {
    @Test("Accepting a drop makes the calls of docs/job-life.md, section 3, in their order")
    func order() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let drop = try spool.drop("a.json")
        spool.fileSystem.forgetCalls()
        let (job, record) = try await node.accepted(drop)
        let calls = spool.fileSystem.calls.map { $0.replacing("\(job.name)", with: "J") }
        #expect(
            calls == [
                "mkdir processing/a/J", "rename inbox/default/a.json -> processing/a/J/drop@default",
                "create processing/a/J/history.jsonl", "write processing/a/J/history.jsonl", "sync fileSystem ",
                "rename processing/a/J/drop@default -> processing/a/J/job.json",
            ]
        )
        #expect(record.seq == 1 && record.epoch == 1 && record.at == spool.clock.now)
        #expect(spool.tree("processing/a/\(job.name)") == ["history.jsonl", "job.json"])
        #expect(try spool.problems() == [])
    }

    @Test("Accepting a drop syncs files before directories when it syncs file by file")
    func syncOrder() async throws {
        let spool = try TestSpool()
        let root = try spool.root()
        let node = SpoolNode(
            spool: root,
            node: "a",
            durability: Durability(
                fileSystem: spool.fileSystem,
                root: root.root,
                threads: TestSpool.threads,
                mode: .files
            ),
            threads: TestSpool.threads,
            clock: spool.clock.wallClock,
            identifiers: spool.identifiers
        )
        try await node.prepare(queues: [TestSpool.queue])
        let drop = try spool.drop("a.json", #"{"idempotency_key":"k"}"#)
        spool.fileSystem.forgetCalls()
        let (job, _) = try await node.accepted(drop)
        let syncs = spool.fileSystem.calls.filter { $0.hasPrefix("sync") }
        let kinds = syncs.map { $0.split(separator: " ")[1] }
        #expect(kinds == kinds.sorted { $0 == "data" && $1 == "all" })
        let names = syncs.map { sync in
            String(sync.split(separator: " ", maxSplits: 2).last ?? "").replacing("\(job.name)", with: "J")
        }
        for name in ["processing/a/J/drop@default", "processing/a/J/history.jsonl"] { #expect(names.contains(name)) }
        for name in ["processing/a/J", "processing/a", "inbox/default", "keys"] { #expect(names.contains(name)) }
        #expect(names.count { $0.hasPrefix("keys/") } == 2)
    }

    @Test("An accept whose sync fails reports no job, and leaves the drop to the next start")
    func acknowledgement() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let drop = try spool.drop("a.json")
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        await #expect(throws: SyncFailure.self) { try await node.accept(drop) }
        #expect(spool.tree("processing/a").contains { $0.hasSuffix("drop@default") })
        await #expect(throws: SyncFailure.self) { try await node.accept(spool.drop("b.json")) }
    }

    @Test("An acceptance records the drop's name, size, digest and owner")
    func acceptance() async throws {
        let spool = try TestSpool()
        let (job, record) = try await spool.node().accepted(spool.drop("my report.txt", "abc"))
        guard case .accepted(let acceptance) = record.event else { throw Unexpected("\(record)") }
        #expect(acceptance.name == "my report.txt")
        #expect(acceptance.file == "job.txt")
        #expect(acceptance.kind == .file)
        #expect(acceptance.size == 3)
        #expect(acceptance.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(job.name.drop == "my report.txt")
        #expect(job.path == spool.absolute("processing/a/\(job.name)"))
    }

    @Test("A batch file's outline counts the lines that are not blank")
    func lines() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        for (text, lines) in [("", 0), ("1\n\n 2\r\n  \r\n3", 3), ("1\n", 1), (" \n", 0)] {
            let seen = Mutex<[Int?]>([])
            var rules = DropRules.lenient()
            let makeAcceptance = rules.makeAcceptance
            rules.makeAcceptance = { contents throws(Rejection) in
                seen.withLock { $0.append(contents.outline?.count) }
                return try makeAcceptance(contents)
            }
            _ = try await node.accepted(spool.drop("a.jsonl", text), rules)
            _ = try await node.accepted(spool.drop("a.txt", text), rules)
            #expect(seen.withLock { $0 } == [lines, nil])
        }
    }

    @Test("A drop's ending decides its kind")
    func kinds() {
        for (name, kind) in [
            ("a.json", Acceptance.Kind.document), ("a.yaml", .document), ("a.YML", .document), ("a.jsonl", .batch),
            ("A.JSONL", .batch), ("a.ndjson", .batch), ("a.jsonlines", .batch), ("a.JSON ", .document),
            ("a.json.txt", .document), ("a.csv", .file), ("a.txt", .file), ("a", .file), ("json", .file),
        ] {
            #expect(Acceptance.Kind(dropName: name) == kind, "\(name)")
        }
    }

    @Test("A drop keeps the id in its name, unless a job has it")
    func ownID() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let id = spool.identifiers.next()
        let (first, _) = try await node.accepted(spool.drop("\(id)-a.json"))
        #expect(first.name.id == id)
        #expect(first.name.drop == "a.json")
        let rules = DropRules.lenient { $0 == id }
        let (second, _) = try await node.accepted(spool.drop("\(id)-a.json"), rules)
        #expect(second.name.id != id)
        #expect(second.name.drop == "\(id)-a.json")
    }

    @Test("A drop gets a new id when the directory of its job already exists")
    func collision() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let id = spool.identifiers.next()
        let (first, _) = try await node.accepted(spool.drop("\(id)-a.json", "first"))
        // The index, which knows the ids that are taken, may lag behind.
        let (second, _) = try await node.accepted(spool.drop("\(id)-a.json", "second"))
        #expect(first.name.id == id)
        #expect(second.name.id != id)
        #expect(spool.text("processing/a/\(first.name)/job.json") == "first")
        #expect(spool.text("processing/a/\(second.name)/job.json") == "second")
    }

    @Test("Accepting a name that is gone is no error, and leaves nothing")
    func gone() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let outcome = try await node.accept(Drop(queue: TestSpool.queue, name: Array("none".utf8)))
        guard case .gone = outcome else { throw Unexpected("\(outcome)") }
        #expect(spool.tree("processing/a") == [])
    }

    @Test("When two nodes accept a drop at once, one of them gets it")
    func race() async throws {
        let spool = try TestSpool()
        let nodes = [try await spool.node("a"), try await spool.node("b")]
        for index in 0..<50 {
            let drop = try spool.drop("\(index).txt")
            let outcomes = try await withThrowingTaskGroup(of: AcceptOutcome.self) { group in
                for node in nodes { group.addTask { try await node.accept(drop) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { if case .accepted = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .gone = $0 { true } else { false } } == 1)
        }
        #expect(try spool.root().findJobs { _ in true }.count == 50)
        #expect(try spool.problems() == [])
    }

    @Test(
        "A rename whose answer was lost counts when the drop is at its destination",
        arguments: ["inbox/default/a.txt -> ", "/drop@default -> "]
    )
    func lostAnswer(of move: String) async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let drop = try spool.drop("a.txt")
        let path = spool.path
        spool.fileSystem.before { call throws(Errno) in
            guard call.hasPrefix("rename "), call.contains(move) else { return }
            let parts = call.dropFirst(7).split(separator: " -> ").map { "\(path)/\($0)" }
            rename(parts[0], parts[1])
        }
        let (job, _) = try await node.accepted(drop)
        #expect(spool.text("processing/a/\(job.name)/job.txt") == "hello")
    }
}
