import Documents
import Jobs
import Synchronization
import TestKit
import Testing
import Tools

@testable import Workflow

/// A write whose outcome is unknown, and whose tool has a check.
@Suite struct UnknownOutcomeTests {
    private let yaml = """
        retry: {attempts: 3, initial: 1s, factor: 1, max: 1s}
        steps: [{id: a, tool: put}]
        """

    private func died(_ bench: WorkflowFixture) async throws -> MemoryRecorder {
        let recorder = bench.recorder()
        // The intent is the first record; the outcome is never written.
        recorder.die(at: 2)
        await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
        return recorder.resumed()
    }

    @Test func `a write that its check confirms is not repeated, and the check gives the output`() async throws {
        let put = FakeTool("put", .write, check: { _ in .happened(output: 42) })
        let bench = WorkflowFixture(tools: [put])
        let recorder = try await died(bench)
        #expect(try await bench.run(yaml, recorder) == .completed(output: 42))
        #expect(put.calls.count == 1 && put.checks.map(\.idempotencyKey) == put.calls.map(\.idempotencyKey))
        #expect(recorder.events.completed.map(\.isChecked) == [true])
    }

    @Test func `a write that did not happen according to its check runs again`() async throws {
        let put = FakeTool("put", .write, check: { _ in .didNotHappen })
        let bench = WorkflowFixture(tools: [put])
        #expect(try await bench.run(yaml, died(bench)) == .completed(output: "did a"))
        #expect(put.calls.map(\.attempt) == [1, 2])
    }

    @Test func `a write that ran alone when the daemon died is held, even if its check says it did not happen`()
        async throws
    {
        let put = FakeTool("put", .write, { _ in throw MemoryRecorder.Death() }, check: { _ in .didNotHappen })
        let bench = WorkflowFixture(tools: [put])
        var recorder = bench.recorder()
        for _ in 1...4 {
            await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
            recorder = recorder.resumed()
        }
        #expect(try await bench.run(yaml, recorder).hold?.reason == .poison)
        #expect(put.calls.count == 4)
    }

    @Test func `a lost answer is checked at once, and a call that never happens fails in the end`() async throws {
        let put = FakeTool("put", .write, { _ in throw Failure(.unknown, "lost") }, check: { _ in .didNotHappen })
        let bench = WorkflowFixture(tools: [put])
        let failure = try await bench.run(yaml).failure
        #expect(failure?.message == "lost; its check says that it did not happen")
        #expect(put.calls.count == 3 && put.checks.count == 3)
    }

    @Test func `a check that fails temporarily runs again, and a person is asked when it keeps failing`() async throws {
        let put = FakeTool("put", .write, check: { _ in throw Failure(.temporary, "no network") })
        let bench = WorkflowFixture(tools: [put])
        let recorder = try await died(bench)
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(hold.reason == .unknownOutcome && hold.message.contains("no network"))
        #expect(put.calls.count == 1 && put.checks.count == 3)
        // The outcome is still unknown after another death.
        #expect(try await bench.run(yaml, recorder.resumed()).hold?.reason == .unknownOutcome)
        #expect(put.calls.count == 1)
    }

    @Test func `a person who says that a write happened gives the step its output`() async throws {
        let put = FakeTool("put", .write)
        let bench = WorkflowFixture(tools: [put])
        let recorder = try await died(bench)
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        recorder.append(.held(hold))
        var release = Release(Decision(uid: 1, user: "alice"), finding: .done(output: "by hand"))
        release.step = hold.step
        recorder.append(.released(release))
        #expect(try await bench.run(yaml, recorder) == .completed(output: "by hand"))
        #expect(put.calls.count == 1)
    }

    @Test func `a call that was begun is checked with its own arguments before a person is asked`() async throws {
        let yaml = "steps: [{id: a, tool: put, arguments: {n: 500}}]"
        let put = FakeTool("put", .write, check: { .happened(output: $0.arguments["n"] ?? .null) })
        var bench = WorkflowFixture(tools: [put])
        bench.policies = ["put": "{approval: always}"]
        let recorder = bench.recorder()
        // The call was begun with a person's arguments; a retry has removed the approval since.
        var start = StepStart(step: "a", kind: .tool, attempt: 1, effect: .write, tool: "put")
        start.arguments = ["n": 50]
        recorder.append(.stepStarted(start))
        recorder.append(.retried(Decision(uid: 1, user: "alice")))
        #expect(try await bench.run(yaml, recorder) == .completed(output: 50))
        #expect(put.calls.isEmpty)
    }

    @Test func `a call that was a write when it was begun is not repeated although its tool is a read now`()
        async throws
    {
        let put = FakeTool("put", .read)
        let bench = WorkflowFixture(tools: [put])
        let recorder = bench.recorder()
        recorder.append(.stepStarted(StepStart(step: "a", kind: .tool, attempt: 1, effect: .write, tool: "put")))
        #expect(try await bench.run(yaml, recorder.resumed()).hold?.reason == .unknownOutcome)
        #expect(put.calls.isEmpty)
    }
}
