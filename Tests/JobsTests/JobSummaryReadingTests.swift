import Documents
import Jobs
import OrderedCollections
import Testing

@Suite("Reading rows of jobs")
struct JobSummaryReadingTests {
    @Test("A row that was written and read again is written the same", arguments: JobSummary.State.allCases)
    func roundTrip(state: JobSummary.State) throws {
        var row = JobSummary(job: "01K8X6V0000000000000000000", name: "a b.txt", queue: "q", state: state)
        #expect(JobSummary(json: row.json)?.json == row.json)
        (row.workflow, row.outcome, row.reason, row.why, row.owner) = ("w", "cancelled", "r", "why", "alice")
        row.labels = ["z": "1", "a": "2"]
        (row.acceptedAt, row.startedAt) = (Timestamp(milliseconds: 1_001), Timestamp(milliseconds: 2_002))
        (row.finishedAt, row.dueAt) = (Timestamp(milliseconds: 3_003), Timestamp(milliseconds: 4_004))
        (row.step, row.attempts, row.tokens, row.costUSD, row.isTruncated) = ("s", 3, 40, 0.125, true)
        row.delivery = .waiting
        #expect(JobSummary(json: row.json)?.json == row.json)
    }

    @Test(
        "What is no row is refused",
        arguments: [JSON.null, ["job": "x"], ["name": "n", "queue": "q", "state": "odd"]]
    )
    func noRow(json: JSON) { #expect(JobSummary(json: json) == nil) }
}
