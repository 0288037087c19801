import Documents
import Testing

@testable import Jobs

@Suite("A step that waits for its model")
struct StepWaitTests {
    private let time = Timestamp(milliseconds: 1_795_485_600_000)

    private func wait(asked: Bool) -> StepWait {
        StepWait(
            step: "a",
            kind: .model,
            attempt: 1,
            until: time + .seconds(20),
            reason: "the model default rests for 20s: it answered 429",
            wasAsked: asked,
            model: "default"
        )
    }

    private func ledger(_ events: JobEvent...) -> StepLedger {
        var ledger = StepLedger()
        for (index, event) in events.enumerated() {
            ledger.apply(HistoryRecord(seq: index + 1, epoch: 1, at: time + .seconds(index), event: event))
        }
        return ledger
    }

    @Test("a wait is read back from its record")
    func roundTrip() throws {
        let record = HistoryRecord(seq: 7, epoch: 1, at: time, event: .stepWaits(wait(asked: true)))
        let json = try JSONParser.parse(record.openBytes + Array("}".utf8))
        #expect(json["type"] == "step.waits")
        #expect(HistoryRecord(json: json) == record)
    }

    @Test("a step that waits has used no attempt, and no death of the daemon counts against it")
    func noAttempt() throws {
        let start = JobEvent.stepStarted(StepStart(step: "a", kind: .model, attempt: 1))
        let entry = try #require(ledger(start, .stepWaits(wait(asked: true)))["a"])
        #expect(entry.attempts == 0 && entry.failures == 0 && entry.deaths == 0)
        #expect(entry.pending == nil && !entry.isSettled)
        #expect(entry.retryAt == time + .seconds(20))
        #expect(entry.refusals == 1 && entry.refusedSince == time + .seconds(1))
        #expect(ledger(start, .stepWaits(wait(asked: false)))["a"]?.refusedSince == nil)
    }

    @Test("the refusals of a step last from the first one until an answer")
    func since() {
        let start = JobEvent.stepStarted(StepStart(step: "a", kind: .model, attempt: 1))
        let refused = JobEvent.stepWaits(wait(asked: true))
        let failed = JobEvent.stepFailed(
            StepFailure(step: "a", kind: .model, attempt: 1, failure: Failure(.temporary, "busy"), retryAt: time)
        )
        #expect(ledger(start, refused, start, failed, start, refused)["a"]?.refusedSince == time + .seconds(1))
        let done = JobEvent.stepCompleted(StepCompletion(step: "a", kind: .model))
        #expect(ledger(start, refused, start, done)["a"]?.refusedSince == nil)
        let retried = JobEvent.retried(Decision(uid: 1, user: "alice"))
        #expect(ledger(start, refused, start, failed, retried)["a"]?.refusedSince == nil)
    }
}
