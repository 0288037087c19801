import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct JobDocumentTests {
    private func document(_ text: String) throws -> JobDocument {
        try JobDocument(Document(Array(text.utf8), format: .yaml, name: "job.yaml"))
    }

    @Test func `every member of the interface is read`() throws {
        let job = try document(
            """
            workflow: triage
            input: {ticket: 4711}
            idempotency_key: ticket-4711
            priority: 5
            run_after: 2h
            deadline: 2026-11-24T02:00:00Z
            labels: {customer: acme, year: 2026, vip: true}
            limits: {cost_usd: 0.50, tokens: 40000, tool_calls: 20, duration: 10m}
            """
        )
        #expect(job.workflow == "triage")
        #expect(job.input == ["ticket": 4711])
        #expect(job.idempotencyKey == "ticket-4711")
        #expect(job.priority == 5)
        let start = Timestamp(milliseconds: 1_000)
        #expect(job.runAfter?.resolved(from: start) == Timestamp(milliseconds: 7_201_000))
        #expect(job.deadline?.resolved(from: start) == Timestamp(milliseconds: 1_795_485_600_000))
        #expect(job.labels == ["customer": "acme", "year": "2026", "vip": "true"])
        #expect(job.limits.costUSD == 0.5 && job.limits.tokens == 40_000)
        #expect(job.limits.toolCalls == 20 && job.limits.duration == .seconds(600))
    }

    @Test func `an empty object is a document that asks for nothing`() throws {
        #expect(try document("{}") == JobDocument())
    }

    @Test(arguments: [
        (
            "a: 1",
            "unknown member; known here: workflow, input, idempotency_key, priority, run_after, deadline, labels, limits, resume_from"
        ),
        ("lables: {}", "unknown member; did you mean \"labels\"?"),
        ("workflow: 5", "a string was expected, not 5"),
        ("idempotency_key: ''", "a string of 1 to 512 characters was expected, not \"\""),
        ("idempotency_key: 5", "a string of 1 to 512 characters was expected, not 5"),
        ("priority: 10", "a whole number from 0 to 9 was expected, not 10"),
        ("priority: -1", "a whole number from 0 to 9 was expected, not -1"),
        ("priority: high", "a whole number from 0 to 9 was expected, not \"high\""),
        (
            "run_after: soon",
            "a duration such as 2h, or an RFC 3339 time such as 2026-11-24T02:00:00Z was expected, not \"soon\""
        ),
        (
            "deadline: 2026-02-29T00:00:00Z",
            "a duration such as 2h, or an RFC 3339 time such as 2026-11-24T02:00:00Z was expected, "
                + "not \"2026-02-29T00:00:00Z\""
        ),
        ("labels: [a]", "an object whose values are strings was expected, not [\"a\"]"),
        ("labels: {a: null}", "an object whose values are strings was expected, not {\"a\":null}"),
        ("labels: {a: [1]}", "an object whose values are strings was expected, not {\"a\":[1]}"),
        ("limits: 5", "an object with members was expected, not a number"),
    ])
    func `a wrong member is refused with its line, its name and what was expected`(text: String, reason: String) {
        let name = text.prefix { $0 != ":" }
        #expect(errorText { try document("# the first line\n\(text)\n") } == "job.yaml:2: \(name): \(reason)")
    }

    @Test(arguments: [
        ("cost_usd: -1", "limits.cost_usd: a number from 0.0 to 1000000.0 was expected, not -1"),
        ("tokens: many", "limits.tokens: a whole number from 0 to 1000000000000 was expected, not \"many\""),
        ("tool_calls: 1.5", "limits.tool_calls: a whole number from 0 to 1000000000 was expected, not 1.5"),
        ("duration: 10", "limits.duration: a duration such as 90s, 15m, 2h or 7d was expected, not 10"),
        ("tokns: 1", "limits.tokns: unknown member; did you mean \"tokens\"?"),
    ])
    func `a wrong limit is refused with its line, its path and what was expected`(text: String, expected: String) {
        #expect(errorText { try document("limits:\n  \(text)\n") } == "job.yaml:2: \(expected)")
    }

    @Test func `an idempotency key may have 512 characters and no more`() throws {
        #expect(try document("idempotency_key: \(String(repeating: "k", count: 512))").idempotencyKey?.count == 512)
        #expect(throws: DocumentError.self) { try document("idempotency_key: \(String(repeating: "k", count: 513))") }
    }

    @Test func `the stricter of two limits counts`() throws {
        let mine = try document("limits: {tokens: 10, cost_usd: 5}").limits
        let other = try document("limits: {tokens: 20, cost_usd: 1, duration: 1h}").limits
        let lowered = mine.lowered(by: other)
        #expect(
            lowered.tokens == 10 && lowered.costUSD == 1 && lowered.duration == .seconds(3_600)
                && lowered.toolCalls == nil
        )
        #expect(lowered == other.lowered(by: mine))
    }
}
