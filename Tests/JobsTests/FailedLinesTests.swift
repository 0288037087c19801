import Documents
import Jobs
import Testing

@Suite struct FailedLinesTests {
    private static func output(_ failed: Int, of total: Int) -> JSON {
        ["request_counts": ["total": .int(Int64(total)), "completed": 0, "failed": .int(Int64(failed))]]
    }

    private func story(_ kind: Acceptance.Kind, _ output: JSON) -> Story {
        var acceptance = Story.acceptance
        acceptance.kind = kind
        return Story(.accepted(acceptance), .completed(output: output))
    }

    @Test func `a completed batch says how many of its lines failed`() throws {
        let story = story(.batch, Self.output(2, of: 4))
        let row = try #require(JobSummary(story.replay))
        #expect(row.state == .done && row.reason == "2 of 4 lines failed")
        #expect(story.replay.failedLines?.text == "2 of 4 lines failed")
    }

    @Test func `a completed batch with failed lines may be retried, and is then no longer ended`() throws {
        var story = story(.batch, Self.output(2, of: 4))
        let retry = try story.replay.life.decide(
            .retry(Decision(uid: 0, user: "root")),
            at: Story.time(9)
        )
        #expect(retry.destination == .deferred(until: Story.time(9)))
        story.add(retry.event)
        #expect(story.replay.failedLines == nil && story.replay.output == nil && story.replay.outcome == nil)
        story.add(.claimed(node: "n", cause: .due))
        story.add(.completed(output: Self.output(0, of: 4)))
        #expect(JobSummary(story.replay)?.reason == nil)
    }

    @Test(arguments: [
        (Acceptance.Kind.batch, output(0, of: 4), "none of its lines failed"),
        (.document, output(2, of: 4), "it completed, and nothing of it failed"),
    ]) func `a completed job without failures cannot be retried`(kind: Acceptance.Kind, output: JSON, reason: String) {
        let life = story(kind, output).replay.life
        let error = #expect(throws: IllegalTransition.self) {
            try life.decide(.retry(Decision(uid: 0, user: "root")), at: Story.time(9))
        }
        #expect(error?.reason == reason)
    }
}
