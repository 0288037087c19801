import Documents
import Jobs
import Models
import OrderedCollections
import Synchronization
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct RetryTests {
    private let yaml = "{retry: {attempts: 3, initial: 2s}, steps: [{id: a, tool: t}]}"

    private func tool(_ effect: Effect = .read, failing failures: Failure?...) -> FakeTool {
        let rest = failures.map { [$0] }.reduce([], +)
        return FakeTool("t", effect) { invocation in
            let index = invocation.attempt - 1
            if index < rest.count, let failure = rest[index] { throw failure }
            return "done"
        }
    }

    private let busy = Failure(.temporary, "busy")

    @Test func `a temporary failure is tried again after a wait in memory`() async throws {
        let tool = tool(failing: busy, busy)
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(recorder.pauses == [.seconds(1), .seconds(2)])
        #expect(tool.calls.map(\.attempt) == [1, 2, 3])
        #expect(Set(tool.calls.map(\.idempotencyKey)) == ["\(WorkflowFixture.job.id)/a"])
        #expect(recorder.events.failed.map(\.retryAt) != [nil, nil])
    }

    @Test func `a temporary failure that stays fails the job after the policy's attempts`() async throws {
        let tool = tool(failing: busy, busy, busy, busy)
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .failed(step: "a", busy))
        #expect(tool.calls.count == 3)
        #expect(recorder.events.failed.last?.retryAt == nil)
        // And it stays failed when the daemon dies before it records the end of the job.
        #expect(try await bench.run(yaml, recorder.resumed()) == .failed(step: "a", busy))
        #expect(tool.calls.count == 3)
    }

    @Test(arguments: [FailureClass.permanent, .denied, .limit])
    func `a failure that is not temporary fails the job at once`(kind: FailureClass) async throws {
        let failure = Failure(kind, "no")
        let tool = tool(failing: failure)
        #expect(try await WorkflowFixture(tools: [tool]).run(yaml) == .failed(step: "a", failure))
        #expect(tool.calls.count == 1)
    }

    @Test func `a long wait defers the job, and attempts are counted across it`() async throws {
        let slow = Failure(.temporary, "busy", retryAfter: .seconds(60))
        let tool = tool(failing: slow, slow, slow)
        let bench = WorkflowFixture(tools: [tool])
        var recorder = bench.recorder()
        for attempt in 1...2 {
            let due = bench.clock.now + .seconds(60)
            #expect(
                try await bench.run(yaml, recorder)
                    == .deferred(until: due, reason: "step a is tried again after: busy")
            )
            #expect(tool.calls.count == attempt)
            recorder = recorder.resumed()
            // Too early: the step waits on, and makes no attempt.
            bench.clock.turn(by: .seconds(30))
            #expect(
                try await bench.run(yaml, recorder)
                    == .deferred(until: due, reason: "step a is tried again after: busy")
            )
            #expect(tool.calls.count == attempt && recorder.recorded == 0)
            bench.clock.turn(to: due)
            recorder = recorder.resumed()
        }
        #expect(try await bench.run(yaml, recorder).failure?.class == .temporary)
        #expect(tool.calls.map(\.attempt) == [1, 2, 3])
    }

    @Test func `a tool whose server is starting defers the job, with the reason and without an attempt`() async throws {
        let pause = ToolNotReady(for: .seconds(10), "the MCP server time is starting since 12 s (start_timeout 15s)")
        let bench = WorkflowFixture(tools: [FakeTool("t", .write, pause: pause)])
        let recorder = bench.recorder()
        let reason = "step a waits for t: the MCP server time is starting since 12 s (start_timeout 15s)"
        let due = bench.clock.now + .seconds(10)
        let outcome = try await bench.run("{steps: [{id: a, tool: t}]}", recorder)
        #expect(outcome == .deferred(until: due, reason: reason))
        #expect(recorder.recorded == 0)
    }

    @Test func `a person's retry resets the count of failures, and the attempt numbers go on`() async throws {
        let tool = tool(failing: busy, busy, busy, busy)
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder()
        _ = try await bench.run(yaml, recorder)
        recorder.append(.failed(step: "a", busy))
        recorder.append(.retried(Decision(uid: 1, user: "alice")))
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(tool.calls.map(\.attempt) == [1, 2, 3, 4, 5])
    }

    @Test func `an unknown outcome of a write holds the job, and nothing is recorded as an outcome`() async throws {
        let tool = tool(.write, failing: Failure(.unknown, "the answer was lost"))
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(hold.reason == .unknownOutcome && hold.step == "a")
        #expect(hold.message.hasPrefix("whether t happened in step a is not known: the answer was lost. "))
        #expect(recorder.events.count == 1 && recorder.entry(of: "a")?.pending?.attempt == 1)
    }

    @Test func `a held write runs again when a person releases it, and only then`() async throws {
        let tool = tool(.write, failing: Failure(.unknown, "lost"))
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(try await bench.run(yaml, recorder.resumed()).hold != nil)
        #expect(tool.calls.count == 1)
        recorder.append(.held(hold))
        recorder.append(.released(Release(Decision(uid: 1, user: "alice"), finding: .again)))
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(tool.calls.map(\.attempt) == [1, 2])
    }

    @Test(arguments: [Effect.read, .idempotent])
    func `a repeatable call is retried with the same key after an unknown outcome`(effect: Effect) async throws {
        let tool = tool(effect, failing: Failure(.unknown, "lost"))
        #expect(try await WorkflowFixture(tools: [tool]).run(yaml) == .completed(output: "done"))
        #expect(tool.calls.count == 2 && Set(tool.calls.map(\.idempotencyKey)).count == 1)
    }

    @Test func `a model whose answer was lost is asked again`() async throws {
        let model = FakeModel { request, _ in
            if request.attempt == 1 { throw Failure(.unknown, "lost") }
            return .text("done")
        }
        #expect(try await WorkflowFixture(model).run("steps: [{id: a, prompt: x}]") == .completed(output: "done"))
    }

    @Test func `a step during which the daemon dies again and again runs alone, and is held when it dies then, too`()
        async throws
    {
        let tool = FakeTool("t", .idempotent) { _ in throw MemoryRecorder.Death() }
        let bench = WorkflowFixture(tools: [tool])
        var recorder = bench.recorder()
        for _ in 1...4 {
            await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
            recorder = recorder.resumed()
        }
        #expect(recorder.events.started.map(\.isAlone) == [false, false, false, true])
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(
            hold.reason == .poison && hold.step == "a"
                && hold.message.hasPrefix("the daemon died 4 times while step a ran, at last while it ran alone")
        )
        #expect(tool.calls.count == 4)
        recorder.append(.held(hold))
        recorder.append(.released(Release(Decision(uid: 1, user: "alice"), finding: .again)))
        await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
        #expect(recorder.events.started.last?.isAlone == false)
    }

    @Test(arguments: [PreviousRunEnd.stop, .reboot, .crashIdle])
    func `ends of the daemon that are no evidence let a step run as before, however many there are`(end: PreviousRunEnd)
        async throws
    {
        let tool = FakeTool("t", .idempotent) { _ in throw MemoryRecorder.Death() }
        let bench = WorkflowFixture(tools: [tool])
        var recorder = bench.recorder()
        for _ in 1...9 {
            await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
            recorder = recorder.resumed(after: end)
        }
        #expect(recorder.events.started.count == 9 && !recorder.events.started.contains(where: \.isAlone))
    }

    @Test func `the record that a step runs alone is on disk before the step runs`() async throws {
        let isSynced = Mutex<[Bool]>([])
        let current = Mutex<MemoryRecorder?>(nil)
        let tool = FakeTool("t", .read) { _ in
            isSynced.withLock { $0.append(current.withLock { $0 }?.isIntentSynced("a") ?? false) }
            throw MemoryRecorder.Death()
        }
        let bench = WorkflowFixture(tools: [tool])
        var recorder = bench.recorder()
        for _ in 1...4 {
            current.withLock { $0 = recorder }
            await #expect(throws: MemoryRecorder.Death.self) { try await bench.run(yaml, recorder) }
            recorder = recorder.resumed()
        }
        #expect(isSynced.withLock { $0.first } == false && isSynced.withLock { $0.last } == true)
    }

    @Test func `a deadline that has passed fails the job before its next step, for good`() async throws {
        let tool = FakeTool("t", .read)
        var bench = WorkflowFixture(tools: [tool])
        bench.deadline = bench.clock.now
        let outcome = try await bench.run(yaml)
        #expect(outcome.failure?.class == .permanent)
        #expect(outcome.failure?.message == "the job's deadline, 2026-11-24T02:00:00.000Z, has passed")
        #expect(tool.calls.isEmpty)
        bench.deadline = bench.clock.now + .milliseconds(1)
        #expect(try await bench.run(yaml).output != nil)
    }

    @Test func `a daemon that stops begins no further step, and finishes the one that runs`() async throws {
        let tool = FakeTool("t", .read)
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder { recorder, event in if case .stepStarted = event { recorder.stop() } }
        #expect(try await bench.run("steps: [{id: a, tool: t}, {id: b, tool: t}]", recorder) == .interrupted)
        #expect(tool.calls.map(\.step) == ["a"])
        #expect(recorder.entry(of: "a")?.status == .completed && recorder.entry(of: "b") == nil)
        let next = MemoryRecorder(bench.clock)
        #expect(try await bench.run("steps: [{id: a, tool: t}]", next).output != nil)
    }

    @Test func `a daemon that stops does not wait for a retry`() async throws {
        let tool = tool(failing: busy)
        let bench = WorkflowFixture(tools: [tool])
        let recorder = bench.recorder { recorder, event in if case .stepFailed = event { recorder.stop() } }
        #expect(try await bench.run(yaml, recorder) == .interrupted)
        #expect(recorder.pauses.isEmpty && tool.calls.count == 1)
    }
}
