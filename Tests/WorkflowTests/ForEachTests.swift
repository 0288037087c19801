import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite(.timeLimit(.minutes(1))) struct ForEachTests {
    private func yaml(_ concurrency: Int) -> String {
        "steps: [{id: each, for_each: input.items, concurrency: \(concurrency), steps: [{id: t, tool: t, arguments: {i: '{{item}}'}}]}]"
    }

    private let items: JSON = ["items": [10, 11, 12, 13]]

    @Test func `outputs come in the order of the elements, whatever order they end in`() async throws {
        let doors = (0...4).map { _ in Door() }
        doors[4].open()
        let tool = FakeTool("t", .read) { invocation in
            // The last one ends first.
            let index = (invocation.arguments["i"]?.int ?? 0) - 10
            await doors[index + 1].pass()
            doors[index].open()
            return .int(Int64(index))
        }
        let bench = WorkflowFixture(tools: [tool], input: items)
        let recorder = bench.recorder()
        #expect(try await bench.run(yaml(4), recorder) == .completed(output: [0, 1, 2, 3]))
        #expect(Set(tool.calls.map(\.step)) == ["each/0/t", "each/1/t", "each/2/t", "each/3/t"])
        #expect(recorder.entry(of: "each")?.status == .completed && recorder.entry(of: "each")?.kind == .forEach)
    }

    @Test(arguments: [1, 2, 4])
    func `as many elements run at a time as the step allows, and no more`(concurrency: Int) async throws {
        let meeting = Meeting(of: concurrency)
        let tool = FakeTool("t", .read) { _ in
            await meeting.attend()
            return .null
        }
        _ = try await WorkflowFixture(tools: [tool], input: items).run(yaml(concurrency))
        #expect(meeting.presentMost == concurrency)
        #expect(tool.calls.count == 4)
    }

    @Test func `item and index are in scope, and in a nested for_each they are the inner ones`() async throws {
        let yaml = """
            steps:
              - id: outer
                for_each: input.rows
                steps:
                  - {id: inner, for_each: item, steps: [{id: t, tool: t, arguments: {x: "{{item}}", i: "{{index}}"}}]}
            """
        let tool = FakeTool("t", .read) { $0.arguments }
        let bench = WorkflowFixture(tools: [tool], input: ["rows": [["a", "b"], ["c"]]])
        let expected: JSON = [[["x": "a", "i": 0], ["x": "b", "i": 1]], [["x": "c", "i": 0]]]
        #expect(try await bench.run(yaml) == .completed(output: expected))
        #expect(tool.calls.map(\.step) == ["outer/0/inner/0/t", "outer/0/inner/1/t", "outer/1/inner/0/t"])
    }

    @Test func `an element that waits for a retry does not stop the others`() async throws {
        let tool = FakeTool("t", .read) { invocation in
            if invocation.arguments["i"] == 10, invocation.attempt == 1 {
                throw Failure(.temporary, "busy", retryAfter: .seconds(3_600))
            }
            return .int(Int64(invocation.attempt))
        }
        let bench = WorkflowFixture(tools: [tool], input: items)
        let recorder = bench.recorder()
        let due = bench.clock.now + .seconds(3_600)
        #expect(
            try await bench.run(yaml(1), recorder)
                == .deferred(until: due, reason: "step each/0/t is tried again after: busy")
        )
        #expect(tool.calls.count == 4)
        bench.clock.turn(to: due)
        #expect(try await bench.run(yaml(1), recorder.resumed()) == .completed(output: [2, 1, 1, 1]))
        #expect(tool.calls.count == 5)
    }

    @Test func `the job is deferred until the first of several waits is over`() async throws {
        let tool = FakeTool("t", .read) { invocation in
            throw Failure(.temporary, "busy", retryAfter: .seconds(invocation.arguments["i"] == 12 ? 60 : 3_600))
        }
        let bench = WorkflowFixture(tools: [tool], input: items)
        let outcome = try await bench.run(yaml(2))
        #expect(
            outcome
                == .deferred(until: bench.clock.now + .seconds(60), reason: "step each/2/t is tried again after: busy")
        )
    }

    @Test func `after a failure no further element begins`() async throws {
        let tool = FakeTool("t", .read) { invocation in
            if invocation.arguments["i"] == 11 { throw Failure(.permanent, "no") }
            return .null
        }
        let outcome = try await WorkflowFixture(tools: [tool], input: items).run(yaml(1))
        #expect(outcome == .failed(step: "each/1/t", Failure(.permanent, "no")))
        #expect(tool.calls.count == 2)
    }

    @Test func `elements that run when another one fails may finish`() async throws {
        let bothRun = Meeting(of: 2)
        let failed = Door()
        let tool = FakeTool("t", .write) { invocation in
            await bothRun.attend()
            if invocation.arguments["i"] == 10 { throw Failure(.permanent, "no") }
            await failed.pass()
            return .null
        }
        let bench = WorkflowFixture(tools: [tool], input: items)
        let recorder = bench.recorder { _, event in if case .stepFailed = event { failed.open() } }
        #expect(try await bench.run(yaml(2), recorder) == .failed(step: "each/0/t", Failure(.permanent, "no")))
        #expect(recorder.entry(of: "each/1/t")?.status == .completed && tool.calls.count == 2)
    }

    @Test func `a hold of one element holds the job, and the waits of others do not hide it`() async throws {
        let tool = FakeTool("t", .write) { invocation in
            if invocation.arguments["i"] == 10 { throw Failure(.temporary, "busy", retryAfter: .seconds(3_600)) }
            throw Failure(.unknown, "lost")
        }
        let bench = WorkflowFixture(tools: [tool], input: items)
        #expect(try await bench.run(yaml(1)).hold?.step == "each/1/t")
        #expect(tool.calls.count == 2)
    }

    @Test func `an empty list has an empty output`() async throws {
        #expect(
            try await WorkflowFixture(tools: [FakeTool("t", .read)], input: ["items": []]).run(yaml(2))
                == .completed(output: [])
        )
    }

    @Test func `a for_each over a value that is no list fails for good`() async throws {
        let outcome = try await WorkflowFixture(tools: [FakeTool("t", .read)], input: ["items": ["a": 1]]).run(yaml(2))
        #expect(outcome == .failed(step: "each", Failure(.permanent, "for_each needs a list, and was given an object")))
    }

    @Test func `a list that is too long fails for good, with a hint`() async throws {
        let many = JSON.array([JSON](repeating: 1, count: WorkflowRun.itemsMax + 1))
        let outcome = try await WorkflowFixture(tools: [FakeTool("t", .read)], input: ["items": many]).run(yaml(2))
        #expect(outcome.failure?.message == "for_each was given 100001 elements; 100000 is the most")
        #expect(outcome.failure?.hint == "drop a batch file, one line an element")
    }
}
