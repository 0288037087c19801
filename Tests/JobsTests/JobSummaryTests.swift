import Documents
import Jobs
import OrderedCollections
import TestKit
import Testing

@Suite struct JobSummaryTests {
    @Test func `a job has no row before its acceptance`() { #expect(JobSummary(JobReplay(name: Story.name)) == nil) }

    @Test func `the row of a completed job has all its members`() throws {
        let story = Story(
            .accepted(Story.acceptance),
            Story.start("classify"),
            Story.done("classify", usage: Story.usage(10)),
            .completed(output: "fine")
        )
        let row = try #require(JobSummary(story.replay))
        let expected = """
            {"job":"\(Story.name.id)","name":"ticket.json","queue":"tickets","workflow":"triage","state":"done",\
            "outcome":"completed","reason":null,"why":null,"labels":{"customer":"acme"},"owner":"alice",\
            "accepted_at":"2026-11-24T02:00:00.000Z","started_at":"2026-11-24T02:00:01.000Z",\
            "finished_at":"2026-11-24T02:00:03.000Z","due_at":null,"step":null,"attempts":0,"tokens":11,"cost_usd":0.25,\
            "truncated":false,"delivery":null}
            """
        #expect(row.json.text == expected)
        #expect(row.seq == 4)
    }

    @Test func `the row follows the job's state, with its reason`() throws {
        let busy = Failure(.temporary, "busy\nvery busy")
        var story = Story(.accepted(Story.acceptance))
        #expect(JobSummary(story.replay)?.state == .waiting)
        story.add(Story.start("a"))
        #expect(JobSummary(story.replay)?.state == .running)
        #expect(JobSummary(story.replay)?.step == "a")
        story.add(Story.failed("a", 1, busy, retryAt: Story.time(90)))
        story.add(.deferred(until: Story.time(90), reason: "step a is tried again after: busy"))
        let deferred = try #require(JobSummary(story.replay))
        #expect(deferred.state == .deferred && deferred.dueAt == Story.time(90) && deferred.attempts == 1)
        #expect(deferred.reason == "step a is tried again after: busy")
        story.add(.claimed(node: "n", cause: .due))
        #expect(JobSummary(story.replay)?.state == .waiting)
        #expect(JobSummary(story.replay)?.dueAt == nil)
        story.add(.held(Hold(reason: .unknownOutcome, step: "a", message: "look")))
        #expect(JobSummary(story.replay)?.state == .held)
        #expect(JobSummary(story.replay)?.reason == "unknown_outcome: look")
        story.add(.released(Release(Story.alice, finding: .again)))
        #expect(JobSummary(story.replay)?.reason == "mended")
        story.add(.claimed(node: "n", cause: .due))
        story.add(.failed(step: "a", busy))
        let failed = try #require(JobSummary(story.replay))
        #expect(failed.state == .failed && failed.outcome == "failed" && failed.reason == "temporary: busy")
        story.add(.retried(Story.alice))
        #expect(JobSummary(story.replay)?.finishedAt == nil)
        #expect(JobSummary(story.replay)?.outcome == nil)
        story.add(.cancelled(Story.alice))
        #expect(JobSummary(story.replay)?.outcome == "cancelled")
        #expect(JobSummary(story.replay)?.state == .failed)
    }

    @Test func `a reason is one line, and short`() {
        #expect(JobSummary.short("a\r\nb") == "a")
        #expect(JobSummary.short(String(repeating: "x", count: 200)).count == 200)
        #expect(JobSummary.short(String(repeating: "x", count: 201)) == String(repeating: "x", count: 199) + "…")
    }

    @Test func `usage includes the attempts before a person's retry`() {
        let story = Story(
            .accepted(Story.acceptance),
            Story.failed("a", 1, Failure(.permanent, "no")),
            .failed(step: "a", Failure(.permanent, "no")),
            .retried(Story.alice),
            Story.done("a", 2, usage: Story.usage(5))
        )
        #expect(story.replay.usage.modelCalls == 2)
        #expect(story.replay.usage.tokens == 17)
    }

    @Test func `an excerpt gives the same row and the same entry of the newest record's step`() {
        var random = SeededRandom(seed: 3)
        for _ in 0..<20 {
            var story = Story(.accepted(Story.acceptance))
            for _ in 0..<60 {
                story.add(random.event())
                guard let record = story.records.last else { continue }
                let excerpt = story.replay.excerpt(for: record)
                #expect(JobSummary(excerpt) == JobSummary(story.replay))
                if let step = record.event.step { #expect(excerpt.steps[step] == story.replay.steps[step]) }
            }
        }
    }

    @Test func `folding records one by one or all at once gives the same`() {
        let story = Story(.accepted(Story.acceptance), Story.start("a"), Story.done("a"), .completed(output: 1))
        #expect(JobReplay(name: Story.name, records: story.records) == story.replay)
    }
}
