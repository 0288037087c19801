import Documents
import Foundation
import JobIndex
import Jobs
import OrderedCollections
import Spool
import Testing

@Suite("The daemon")
struct DaemonTests {
    @Test("A dropped text file becomes a finished job")
    func textFile() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        // As a shell's `>` does it: not renamed, but written in place.
        try Data("Write a haiku about rename(2)\n".utf8)
            .write(to: URL(fileURLWithPath: "\(spool.path)/inbox/default/haiku.txt"))
        try await spool.untilSettled(1)
        let job = try #require(try spool.jobs().first)
        #expect(job.location.directory.hasPrefix("done/"))
        #expect(job.location.entry.hasSuffix("-haiku.txt"))
        let result = try JSONParser.parse(spool.read("\(job.location.path)/result.json"))
        #expect(result["outcome"] == "completed")
        #expect(result["output"]?.string?.contains("rename") == false)
        #expect(result["models"] == ["scripted (no model): default"])
        #expect(try spool.stopDaemon() == 0)
    }

    @Test("A job whose end submit --wait has seen is listed as done, and one that was canceled as failed")
    func ownWrites() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        for number in 0..<10 {
            #expect(try spool.agentspool("submit", "-", "--wait", input: "haiku \(number)").status == 0)
            #expect(try spool.agentspool("list", "--state", "done", "--json").lines.count == number + 1)
        }
        let later = try spool.agentspool("submit", "-", input: #"{"run_after": "1h", "input": {"prompt": "x"}}"#)
        let job = later.output.trimmingCharacters(in: .whitespacesAndNewlines)
        try await spool.until("it is deferred") { try spool.places() == ["done": 10, "deferred": 1] }
        #expect(try spool.agentspool("cancel", job).status == 0)
        #expect(try spool.agentspool("list", "--state", "failed", "--json").lines.count == 1)
        #expect(try spool.stopDaemon() == 0)
    }

    @Test("The daemon runs nothing in Dispatch's pool, which would wake it once a second for ever")
    func threads() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        try spool.drop("a haiku", as: "haiku.txt")
        try await spool.untilSettled(1)
        let tasks = "/proc/\(spool.daemonPID)/task"
        let names = try FileManager.default.contentsOfDirectory(atPath: tasks).compactMap {
            try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8)
        }
        #expect(names.contains("disk 1\n"))
        #expect(names.allSatisfy { !$0.hasSuffix("default-qos\n") }, "\(names)")
    }

    @Test("A daemon with --drain ends when nothing is left")
    func drain() throws {
        let spool = try TestSpool()
        for index in 0..<100 { try spool.drop("a haiku", as: "haiku\(index).txt") }
        let run = try spool.agentspool("run", "--drain", "--node", "test")
        #expect(run.status == 0, "\(run.error)")
        #expect(try spool.places() == ["done": 100])
    }

    @Test("A second daemon under the same node name is refused, and the error names the first one's process")
    func secondDaemon() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        let second = try spool.agentspool("run", "--node", "test")
        #expect(second.status == 75)
        #expect(second.error.contains("the node test is running already (pid \(spool.daemonPID)"))
    }

    @Test("A daemon whose index is not a database rebuilds it, and logs that")
    func damagedIndex() async throws {
        let spool = try TestSpool()
        try spool.drop("a haiku", as: "haiku.txt")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        let rows = try spool.agentspool("list", "--json").output
        #expect(rows.contains("haiku.txt"))
        try spool.write("this is no database, and long enough to be looked at", to: "index.sqlite")
        try await spool.startDaemon()
        try await spool.until("the index is rebuilt") { try spool.agentspool("list", "--json").output == rows }
        #expect(spool.read("daemon.log").contains("index rebuilt from 1 jobs"))
    }

    @Test("A stopped daemon leaves unfinished jobs that the next one resumes")
    func gracefulStop() async throws {
        let configuration = """
            models: {default: {provider: scripted, script: scripted-model.yaml}}
            tools: {slow: {command: [tools/slow], effect: read}}
            workflows: {slow: {steps: [{id: one, tool: slow, arguments: {}}, {id: two, prompt: a haiku}]}}
            queues: {default: {workflow: slow, concurrency: 2}}
            workers: {stop_grace: 100ms}
            """
        let slow = "#!/bin/sh\necho x >> started\n[ -e go ] || exec sleep 600\n"
        let spool = try TestSpool(configuration: configuration, files: ["tools/slow": slow])
        for index in 0..<5 { try spool.drop("{}", as: "job\(index).json") }
        try await spool.startDaemon()
        try await spool.until("two tools run") { spool.read("started").count >= 4 }
        #expect(try spool.stopDaemon() == 0)
        #expect(try spool.places() == ["processing": 5])
        try spool.write("", to: "go")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        #expect(try spool.places() == ["done": 5])
    }
}

@Suite("The index")
struct IndexTests {
    @Test("The index has the same rows after it was deleted and rebuilt from the files")
    func reindex() async throws {
        let configuration = """
            models: {default: {provider: scripted, script: scripted-model.yaml}}
            tools:
              flaky: {command: [tools/flaky], effect: idempotent}
              broken: {command: [tools/broken], effect: read}
            workflows:
              flaky: {retry: {initial: 1ms, max: 5ms}, steps: [{id: try, tool: flaky, arguments: {}}]}
              broken: {steps: [{id: try, tool: broken, arguments: {}}]}
              each:
                steps:
                  - {id: each, for_each: input.items, concurrency: 3, steps: [{id: ask, prompt: "a haiku on {{item}}"}]}
                  - {id: skipped, when: input.never, prompt: never}
            queues: {default: {workflow: prompt}, other: {workflow: each, priority: 5}}
            """
        let spool = try TestSpool(
            configuration: configuration,
            files: [
                "tools/flaky": "#!/bin/sh\n[ \"$AGENTSPOOL_ATTEMPT\" -ge 3 ] || exit 75\necho '{\"ok\": true}'\n",
                "tools/broken": "#!/bin/sh\necho 'no such thing' >&2\nexit 1\n",
            ]
        )
        try spool.drop("a haiku", as: "haiku.txt")
        try spool.drop(#"{"workflow": "flaky", "labels": {"customer": "acme"}}"#, as: "flaky.json")
        try spool.drop(#"{"workflow": "broken"}"#, as: "broken.json")
        try spool.drop("{", as: "rejected.json")
        try spool.drop(#"{"run_after": "7d", "input": {"prompt": "later"}}"#, as: "later.json")
        try await spool.startDaemon()
        try FileManager.default.createDirectory(atPath: "\(spool.path)/inbox/other", withIntermediateDirectories: true)
        try spool.drop(#"{"input": {"items": ["sea", "sky", "salt", "sand"]}}"#, as: "each.json", queue: "other")
        try await spool.untilSettled(4)
        try await spool.until("the failed job is there") {
            try spool.agentspool("list", "--state", "failed", "--json").lines.count == 1
        }
        let retried = try spool.agentspool("retry", "broken.json", "--reason", "to see it fail again")
        #expect(retried.status == 0, "\(retried.error)")
        try await spool.until("it failed again") {
            try spool.jobs().contains { $0.replay.life.seq > 6 && $0.location.directory.hasPrefix("failed/") }
        }
        #expect(try spool.stopDaemon() == 0)

        let path = "\(spool.path)/index.sqlite"
        let before = try await dump(path)
        for file in [path, "\(path)-wal", "\(path)-shm"] { try? FileManager.default.removeItem(atPath: file) }
        let reindexed = try spool.agentspool("reindex")
        #expect(reindexed.status == 0, "\(reindexed.error)")
        #expect(reindexed.output.contains("holds 6 jobs"))
        let after = try await dump(path)
        #expect(before.keys.sorted() == after.keys.sorted())
        for (table, rows) in before {
            #expect(!rows.isEmpty, "the test leaves \(table) empty")
            #expect(rows == after[table], "\(table) differs")
        }
    }

    private func dump(_ path: String) async throws -> [String: [[String]]] {
        let index = try IndexDatabase.openReadOnly(path: path)
        defer { index.close() }
        return try await index.dump()
    }
}
