import Documents
import FoundationEssentials
import Jobs
import OrderedCollections
import Testing

@testable import JobIndex

/// Measures with a million jobs; prints and asserts nothing about time. Runs with `AGENTSPOOL_MILLION=1`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["AGENTSPOOL_MILLION"] != nil))
struct MillionJobsTests {
    private static let count = 1_000_000

    private func measure<Result>(_ what: String, _ body: () async throws -> Result) async throws -> Result {
        let clock = ContinuousClock()
        var best = Duration.seconds(3_600)
        var result: Result?
        for _ in 0..<3 {
            let start = clock.now
            result = try await body()
            best = min(best, clock.now - start)
        }
        print("\(what): \(best)")
        return try #require(result)
    }

    @Test func `a million jobs can be written, listed, counted and found`() async throws {
        let index = try await LiveIndex()
        let start = ContinuousClock().now
        for batch in 0..<Self.count / 1_000 {
            try await index.writer.write((0..<1_000).map { .rejected(summary(batch * 1_000 + $0)) })
            if batch == 99 { print("of these the first 100000: \(ContinuousClock().now - start)") }
        }
        print("writing \(Self.count) jobs with a label each: \(ContinuousClock().now - start)")
        await index.writer.close()
        let database = try await measure("opening for reading") {
            try IndexDatabase.openReadOnly(path: index.scratch.index)
        }
        let counts = try await measure("counts") { try await database.counts() }
        #expect(counts.reduce(0) { $0 + $1.count } == Self.count)
        let label = JobFilter.Label(key: "customer", value: "7")
        let filters = [
            "list": JobFilter(limit: 100), "list held": JobFilter(states: [.held], limit: 100),
            "list queue": JobFilter(queue: "q3", limit: 100), "list workflow": JobFilter(workflow: "w1", limit: 100),
            "list label": JobFilter(labels: [label], limit: 100),
            "list held label": JobFilter(states: [.held], labels: [label], limit: 100),
            "list done label": JobFilter(states: [.done], queue: "q2", labels: [label], limit: 100),
            "list since": JobFilter(since: Timestamp(milliseconds: 1_850_000_000_000 + 999_000_000), limit: 100),
        ]
        for (name, filter) in filters.sorted(by: { $0.key < $1.key }) {
            let rows = try await measure(name) { try await database.list(filter) }
            #expect(!rows.isEmpty)
        }
        let id = Histories.id(500_000).text
        #expect(try await measure("match id") { try await database.jobs(matching: id) }.count == 1)
        let part = String(id.suffix(8))
        #expect(try await measure("match part") { try await database.jobs(matching: part) }.count == 1)
        _ = try await measure("match name") { try await database.jobs(matching: "drop-500000.json") }
        _ = try await measure("stuck") { try await database.stuck(dueBefore: Timestamp(milliseconds: 9), limit: 20) }
        _ = try await measure("all jobs") {
            var jobs = 0
            for try await batch in database.allJobs { jobs += batch.count }
            return jobs
        }
    }

    @Test func `updates of live histories can be written`() async throws {
        let index = try await LiveIndex()
        var histories = Histories(seed: 4)
        var updates: [IndexUpdate] = []
        for number in 0..<20_000 {
            var replay = JobReplay(name: Histories.name(number))
            for record in histories.history(length: 12) {
                replay.apply(record)
                updates.append(try #require(IndexUpdate.update(for: replay, records: [record])))
            }
        }
        let start = ContinuousClock().now
        for first in stride(from: 0, to: updates.count, by: 1_000) {
            try await index.writer.write(Array(updates[first..<min(first + 1_000, updates.count)]))
        }
        let time = ContinuousClock().now - start
        print("\(updates.count) updates of \(updates.reduce(0) { $0 + $1.rowCount }) rows: \(time)")
    }

    private func summary(_ number: Int) -> JobSummary {
        let state: JobSummary.State = number % 10_000 == 7 ? .held : number % 50 == 3 ? .failed : .done
        var summary = JobSummary(
            job: Histories.id(number).text,
            name: "drop-\(number).json",
            queue: "q\(number % 5)",
            state: state
        )
        summary.workflow = "w\(number % 3)"
        summary.owner = "alice"
        summary.labels = ["customer": "\(number % 100)"]
        summary.acceptedAt = Timestamp(milliseconds: 1_850_000_000_000 + Int64(number) * 1_000)
        return summary
    }
}
