import Documents
import Jobs
import Models
import Synchronization
import TestKit
import Testing

@testable import Workflow

@Suite struct ModelRestTests {
    private let yaml = "{retry: {attempts: 2, initial: 2s}, steps: [{id: a, prompt: x}]}"

    private func refused(for duration: Duration, patience: Duration = .seconds(86_400)) -> ModelPause {
        var pause = ModelPause(for: duration, "the model default rests for 3s: it answered 429")
        pause.patience = patience
        return pause
    }

    /// A model that refuses `times` requests before it answers.
    private func model(refusing times: Int, _ pause: ModelPause) -> FakeModel {
        let left = Mutex(times)
        return FakeModel { _, _ in
            let isRefused = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if isRefused { throw pause }
            return .text("done")
        }
    }

    @Test func `a model that rests costs no attempt, however often`() async throws {
        let model = model(refusing: 20, refused(for: .seconds(3)))
        let bench = WorkflowFixture(model)
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml, recorder) == .completed(output: "done"))
        #expect(recorder.events.failed.isEmpty)
        #expect(recorder.events.started.allSatisfy { $0.attempt == 1 })
        #expect(recorder.events.completed.map(\.attempt) == [1])
        #expect(recorder.pauses == Array(repeating: .seconds(3), count: 20))
        #expect(recorder.entry(of: "a")?.attempts == 1)
        // A script that fails so many times counts the requests.
        #expect(model.requests.map(\.attempt) == Array(1...21))
    }

    @Test func `a long rest defers the job, with the reason, and the next run asks again`() async throws {
        let model = model(refusing: 1, refused(for: .seconds(60)))
        let bench = WorkflowFixture(model)
        let recorder = bench.recorder()
        let due = bench.clock.now + .seconds(60)
        let reason = "step a waits: the model default rests for 3s: it answered 429"
        #expect(try await bench.run(yaml, recorder) == .deferred(until: due, reason: reason))
        #expect(recorder.entry(of: "a")?.failures == 0)
        bench.clock.turn(to: due)
        #expect(try await bench.run(yaml, recorder.resumed()) == .completed(output: "done"))
    }

    @Test func `a model that refuses for longer than the patience costs attempts from then on`() async throws {
        let model = FakeModel { _, _ in throw self.refused(for: .seconds(60), patience: .seconds(150)) }
        let bench = WorkflowFixture(model)
        var recorder = bench.recorder()
        var outcomes: [RunOutcome] = []
        for _ in 0..<6 {
            outcomes.append(try await bench.run(yaml, recorder))
            if outcomes.last?.failure != nil { break }
            bench.clock.turn(by: .seconds(60))
            recorder = recorder.resumed()
        }
        #expect(outcomes.count == 5)
        #expect(outcomes.last?.failure?.class == .temporary)
        #expect(outcomes.last?.failure?.message == "the model default rests for 3s: it answered 429")
        #expect(model.requests.count == 5)
    }

    @Test func `a job whose deadline comes before the end of a rest fails at the deadline`() async throws {
        let model = model(refusing: 1, refused(for: .seconds(60)))
        var bench = WorkflowFixture(model)
        bench.deadline = bench.clock.now + .seconds(20)
        let recorder = bench.recorder()
        let outcome = try await bench.run(yaml, recorder)
        guard case .deferred(let until, _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(until == bench.deadline)
        bench.clock.turn(to: until)
        #expect(try await bench.run(yaml, recorder.resumed()).failure?.message.contains("deadline") == true)
    }

    @Test func `what was used before the model rested is counted once`() async throws {
        let left = Mutex(1)
        let model = FakeModel { [refused] request, _ in
            if request.messages.count == 1 { return .text("no JSON") }
            let isRefused = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if isRefused { throw refused(.seconds(3), .seconds(60)) }
            return .text("7")
        }
        let bench = WorkflowFixture(model)
        let recorder = bench.recorder()
        let outcome = try await bench.run("steps: [{id: a, prompt: x, output: {type: integer}}]", recorder)
        #expect(outcome == .completed(output: 7))
        #expect(recorder.entry(of: "a")?.usage.modelCalls == 3)
    }

    @Test func `lines of a batch wait for a model that rests, and none fails`() async throws {
        let model = model(refusing: 9, refused(for: .seconds(3)))
        var bench = WorkflowFixture(model)
        let lines = (1...6).map {
            #"{"custom_id":"\#($0)","method":"POST","url":"/v1/chat/completions","body":{"messages":[]}}"#
        }
        bench.batch = MemoryBytes(lines.joined(separator: "\n"))
        let recorder = bench.recorder()
        #expect(
            try await bench.run("steps: [{id: a, prompt: x}]", recorder).output?["request_counts"]?["completed"] == 6
        )
        #expect(recorder.events.failed.isEmpty)
    }
}
