import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct StepLedgerTests {
    private let temporary = Failure(.temporary, "busy")

    @Test func `a begun step is running, and its intent is pending`() throws {
        let entry = try #require(Story(Story.start("a", effect: .write)).replay.steps["a"])
        #expect(entry.status == .running && entry.attempts == 1 && entry.pending?.effect == .write)
        #expect(entry.startedAt == Story.time(0) && entry.finishedAt == nil)
    }

    @Test func `a completed step has its output, its usage and nothing pending`() throws {
        let entry = try #require(Story(Story.start("a"), Story.done("a", usage: Story.usage(5))).replay.steps["a"])
        #expect(entry.status == .completed && entry.output == "ok" && entry.pending == nil)
        #expect(entry.usage.tokens == 6 && entry.model == "m" && entry.finishedAt == Story.time(1))
        #expect(entry.durationMilliseconds == 7)
    }

    @Test func `attempts and failures are counted, and usage adds up over the attempts`() throws {
        let story = Story(
            Story.start("a"),
            Story.failed("a", 1, temporary, retryAt: Story.time(9)),
            Story.start("a", 2),
            Story.failed("a", 2, temporary)
        )
        let entry = try #require(story.replay.steps["a"])
        #expect(entry.status == .failed && entry.attempts == 2 && entry.failures == 2 && entry.retryAt == nil)
        #expect(entry.usage.modelCalls == 2 && story.replay.steps.usage.modelCalls == 2)
    }

    @Test func `a person's retry resets the count of failures and leaves finished steps finished`() throws {
        let story = Story(
            Story.done("a"),
            Story.start("b"),
            Story.failed("b", 1, temporary),
            .failed(step: "b", temporary),
            .retried(Story.alice)
        )
        let entry = try #require(story.replay.steps["b"])
        #expect(entry.failures == 0 && entry.attempts == 1 && entry.retryAt == Story.time(4))
        #expect(story.replay.steps["a"]?.status == .completed)
        #expect(story.replay.steps["a"]?.retryAt == nil)
    }

    @Test func `a release after an unknown outcome clears the pending start of that step, and of no other`() {
        let hold = Hold(reason: .unknownOutcome, step: "a", message: "")
        let story = Story(
            Story.start("a", effect: .write),
            Story.start("b", effect: .write),
            .held(hold),
            .released(Release(Story.alice, finding: .again))
        )
        #expect(story.replay.steps["a"]?.pending == nil)
        #expect(story.replay.steps["b"]?.pending != nil)
    }

    @Test func `a release after another hold, and a retry, leave a start pending`() {
        let requested = Hold(reason: .requested, step: "a", message: "")
        let unknown = Hold(reason: .unknownOutcome, step: "a", message: "")
        let start = Story.start("a", effect: .write)
        #expect(
            Story(start, .held(requested), .released(Release(Story.alice, finding: .again))).replay.steps["a"]?.pending
                != nil
        )
        let cancelled = Story(start, .held(unknown), .cancelled(Story.alice), .retried(Story.alice))
        #expect(cancelled.replay.steps["a"]?.pending != nil)
        let later = Story(
            start,
            .held(unknown),
            .cancelled(Story.alice),
            .retried(Story.alice),
            .held(requested),
            .released(Release(Story.alice, finding: .again))
        )
        #expect(later.replay.steps["a"]?.pending != nil)
    }

    @Test func `a step that failed for good may run again after a retry, and not after a release`() {
        var story = Story(
            Story.failed("a", 1, Failure(.permanent, "no")),
            .held(Hold(reason: .overBudget, message: ""))
        )
        story.add(.released(Release(Story.alice)))
        #expect(story.replay.steps["a"]?.retryAt == nil)
        story.add(.retried(Story.alice))
        #expect(story.replay.steps["a"]?.retryAt != nil)
    }

    @Test func `the current step is the last one that runs, else the last one that failed`() {
        #expect(Story(Story.start("a"), Story.start("b")).replay.steps.current?.step == "b")
        #expect(Story(Story.start("a"), Story.failed("b", 1, temporary)).replay.steps.current?.step == "a")
        #expect(Story(Story.done("a"), Story.failed("b", 1, temporary)).replay.steps.current?.step == "b")
        #expect(Story(Story.done("a")).replay.steps.current == nil)
    }

    @Test func `the current step is correct after any sequence of step events`() {
        var random = SeededRandom(seed: 7)
        var story = Story(.accepted(Story.acceptance))
        for _ in 0..<500 {
            let step = "step-\(Int.random(in: 0..<4, using: &random))"
            // Steps begin seldom, so that often no step runs.
            switch Int.random(in: 0..<5, using: &random) {
            case 0: story.add(Story.start(step))
            case 1, 2: story.add(Story.done(step))
            default: story.add(Story.failed(step, 1, temporary))
            }
            let steps = story.replay.steps.entries.elements.reversed()
            let expected = steps.first { $0.value.status == .running } ?? steps.first { $0.value.status == .failed }
            #expect(story.replay.steps.current?.step == expected?.key)
        }
    }

    @Test func `the ledger holds no output of a batch line, and no provider's response of a failure`() {
        var refused = temporary
        refused.response = ["status_code": 400]
        let story = Story(Story.done("batch/1/a"), Story.done("a"), Story.failed("batch/2", 1, refused))
        #expect(story.replay.steps["batch/1/a"]?.output == nil && story.replay.steps["a"]?.output == "ok")
        #expect(story.replay.steps["batch/2"]?.failure == temporary)
    }

    @Test func `a step is settled when it will not run again`() {
        #expect(Story(Story.start("a")).replay.steps["a"]?.isSettled == false)
        #expect(Story(Story.done("a")).replay.steps["a"]?.isSettled == true)
        #expect(Story(Story.failed("a", 1, temporary)).replay.steps["a"]?.isSettled == true)
        #expect(Story(Story.failed("a", 1, temporary, retryAt: Story.time(9))).replay.steps["a"]?.isSettled == false)
    }
}
