import Documents
import Glibc
import JobIndex
import Jobs
import Logging
import Spool
import TestKit
import Testing
import Tools
import Workflow

@testable import Engine

/// Writes the rows into an index, as the daemon does.
private struct IndexObserver: JobObserver {
    let writer: IndexWriter
    let rows: MemoryObserver

    func jobChanged(_ replay: JobReplay, _ record: HistoryRecord) {
        rows.jobChanged(replay, record)
        if let update = IndexUpdate.update(for: replay, records: [record]) { writer.record(update) }
    }

    func jobSeen(_ replay: JobReplay, _ records: [HistoryRecord]) {
        rows.jobSeen(replay, records)
        if let update = IndexUpdate.update(for: replay, records: records) { writer.record(update) }
    }

    func jobWaits(_ job: JobID, why: String?, seq: Int) {
        rows.jobWaits(job, why: why, seq: seq)
        writer.record(.waits(job: job.text, why: why, seq: seq))
    }

    func dropRejected(_ row: JobSummary) {
        rows.dropRejected(row)
        writer.record(.rejected(row))
    }

    func recordsMayBeMissing() { writer.noteLoss() }
}

private struct Stuck: Error {
    var what: String
}

@Suite("The index and its rebuild", .timeLimit(.minutes(2)))
struct StressTests {
    private static let yaml = """
        retry: {attempts: 4, initial: 3s, factor: 4, max: 1m}
        steps:
          - {id: first, tool: flaky, arguments: {name: "{{job.name}}"}}
          - {id: maybe, when: input.maybe, tool: flaky, arguments: {name: "{{job.name}}"}}
          - id: each
            for_each: input.items
            concurrency: 3
            steps: [{id: inner, tool: flaky, arguments: {name: "{{item}}"}}]
          - {id: last, prompt: "{{input.items}}"}
        """

    private func document(_ random: inout SeededRandom) -> String {
        let items = (0..<Int.random(in: 0...4, using: &random)).map { "\"\($0)\"" }.joined(separator: ", ")
        let maybe = Bool.random(using: &random)
        let wait =
            Int.random(in: 0...3, using: &random) == 0
            ? #""run_after": "\#(Int.random(in: 1...20, using: &random))s", "# : ""
        let priority = Int.random(in: 0...9, using: &random)
        return #"{\#(wait)"priority": \#(priority), "input": {"maybe": \#(maybe), "items": [\#(items)]}}"#
    }

    private func writer(_ bench: EngineFixture, _ name: String) async throws -> IndexWriter {
        let logger = Logger(label: "test") { [messages = bench.messages] _ in messages }
        let clock = bench.clock.wallClock
        let (database, _) = try IndexDatabase.open(path: "\(bench.path)/\(name)", clock: clock, logger: logger)
        return await IndexWriter(database: database, clock: clock, logger: logger) {}
    }

    private func dump(_ writer: IndexWriter) async throws -> [String: [[String]]] {
        try await writer.flush()
        return try await #require(writer.database).dump()
    }

    @Test(
        "The index of 300 jobs that fail, wait, are cancelled and retried equals a rebuilt one",
        arguments: [7]
    )
    func stress(seed: UInt64) async throws {
        try await EngineFixture.with(seed: seed) { bench in
            let live = try await writer(bench, "live.sqlite")
            let tool = bench.tool("flaky") { [random = bench.random] _ in
                switch random.next() % 10 {
                case 0...2: throw Failure(.temporary, "not now")
                case 3 where random.next() % 8 == 0: throw Failure(.permanent, "never")
                default: return .int(Int64(random.next() % 100))
                }
            }
            var setup = EngineFixture.Setup(yaml: Self.yaml, tools: [tool])
            setup.queues[0].concurrency = 8
            setup.observer = IndexObserver(writer: live, rows: bench.observer)
            try await bench.run(setup) { running in
                var random = SeededRandom(seed: seed)
                var (dropped, turns) = (0, 0)
                while bench.observer.rows.value.jobs.count < 300 || !bench.allHaveEnded {
                    for _ in 0..<10 where dropped < 300 {
                        dropped += 1
                        try bench.drop("\(dropped).json", document(&random))
                    }
                    let rows = bench.observer.rows.value.jobs.values.sorted { $0.job < $1.job }
                    // No faster than the engine answers: every request makes it read the whole spool.
                    if bench.entries("control").count < 3, dropped < 300 || random.next() % 4 == 0,
                        let row = rows.randomElement(using: &random)
                    {
                        let action: ControlRequest.Action = row.state == .failed && dropped < 300 ? .retry : .cancel
                        try bench.request(action, [row.job].compactMap { JobID($0) })
                    }
                    // The clock is turned on and on, because every timer waits for it.
                    turns += 1
                    if turns == 5_000 { throw Stuck(what: try bench.unfinished()) }
                    bench.clock.advance(by: .seconds(2))
                    for _ in 0..<10 {
                        await running.engine.isAlive()
                        await Task.yield()
                    }
                }
            }
            #expect(try bench.problems() == [])
            #expect(bench.entries("inbox/default") == [] && bench.entries("processing/here") == [])
            let rebuilt = try await writer(bench, "rebuilt.sqlite")
            let count = try await IndexRebuild(spool: bench.spool, threads: bench.threads, writer: rebuilt) { _ in }
                .run()
            #expect(count == 300)
            let (left, right) = (try await dump(live), try await dump(rebuilt))
            #expect(left.keys == right.keys)
            for table in left.keys { #expect(left[table] == right[table], "\(table)") }
            let states = Set(bench.observer.rows.value.jobs.values.map(\.outcome))
            #expect(states == ["completed", "failed", "cancelled"], "every outcome must occur")
            await live.close()
            await rebuilt.close()
        }
    }

    @Test("A rebuild writes a row for every other job when one cannot be read")
    func unreadable() async throws {
        try await EngineFixture.with { bench in
            let index = try await writer(bench, "index.sqlite")
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { _ in
                for name in ["a.txt", "b.txt", "c.txt"] { try bench.drop(name) }
                await bench.observer.when(3, .done)
            }
            let location = try #require(bench.spool.findJobs { $0.drop == "b.txt" }.first)
            try remove("\(bench.path)/\(location.path)/history.jsonl")
            try #require(mkfifo("\(bench.path)/\(location.path)/history.jsonl", 0o600) == 0)
            let told = Watched<[String]>([])
            _ = try await IndexRebuild(spool: bench.spool, threads: bench.threads, writer: index) { error in
                told.update { $0.append("\(error)") }
            }
            .run()
            let rows = try await #require(index.database).list(JobFilter())
            #expect(Set(rows.map(\.name)) == ["a.txt", "c.txt"])
            #expect(told.value.count == 1 && told.value[0].contains("b.txt"))
            await index.close()
        }
    }

    @Test("A rebuild removes the rows of jobs without a directory, and keeps those of rejected drops")
    func removal() async throws {
        try await EngineFixture.with { bench in
            let index = try await writer(bench, "index.sqlite")
            var setup = EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])
            setup.observer = IndexObserver(writer: index, rows: bench.observer)
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                try bench.drop("b.txt")
                try bench.drop("bad.json", "{")
                await bench.observer.when(2, .done)
                await bench.observer.rows.wait { !$0.rejected.isEmpty }
            }
            let location = try #require(bench.spool.findJobs { $0.drop == "a.txt" }.first)
            try remove("\(bench.path)/\(location.path)")
            let count = try await IndexRebuild(spool: bench.spool, threads: bench.threads, writer: index) { _ in }
                .run()
            #expect(count == 2)
            let rows = try await #require(index.database).list(JobFilter())
            #expect(Set(rows.map(\.name)) == ["b.txt", "bad.json"])
            await index.close()
        }
    }
}

extension EngineFixture {
    fileprivate var allHaveEnded: Bool {
        observer.rows.value.jobs.values.allSatisfy { $0.state == .done || $0.state == .failed }
    }

    /// The state of a test that does not end, for its error.
    fileprivate func unfinished() throws -> String {
        let rows = observer.rows.value.jobs.values.filter { $0.state != .done && $0.state != .failed }
        let places = try rows.map { row in "\(row.name) \(row.state): \(try place(of: row.name) ?? "nowhere")" }
        return "\(observer.rows.value.jobs.count) jobs; \(places); \(messages.last(20)); \(entries("control"))"
    }
}
