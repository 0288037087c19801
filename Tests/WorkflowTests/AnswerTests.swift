import Documents
import Foundation
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct AnswerTests {
    private let long = String(repeating: "row,value\n", count: 90_000)

    @Test func `a model gets the beginning and the end of a long answer, and the path of the whole`() async throws {
        let directory = try TemporaryDirectory()
        let tool = FakeTool("look", .read) { [long] _ in .string(long) }
        let model = FakeModel(answers: [.calls(("look", "{}")), .text("done")])
        let bench = WorkflowFixture(model, tools: [tool], artifacts: "\(directory.path)/artifacts")
        let recorder = bench.recorder()
        let outcome = try await bench.run("{steps: [{id: a, agent: {prompt: x, tools: [look]}}]}", recorder)
        #expect(outcome == .completed(output: "done"))
        let told = try #require(model.requests.last?.messages.last?.content)
        #expect(told.utf8.count < 70_000 && told.hasPrefix("row,value\n") && told.hasSuffix("row,value\n"))
        #expect(told.contains("is in the file artifacts/a-1-tool-0.txt"))
        #expect(recorder.entry(of: "a/1/tool/0")?.output == .string(told))
        let kept = try String(contentsOfFile: "\(directory.path)/artifacts/a-1-tool-0.txt", encoding: .utf8)
        #expect(kept == long)
    }

    @Test func `a tool step outside of an agent gives its whole answer`() async throws {
        let tool = FakeTool("look", .read) { [long] _ in .string(long) }
        let outcome = try await WorkflowFixture(tools: [tool]).run("{steps: [{id: a, tool: look}]}")
        #expect(outcome == .completed(output: .string(long)))
    }

    @Test func `the path of an artifact is recorded relative to the job, and the next tool gets its current path`()
        async throws
    {
        let directory = try TemporaryDirectory()
        for place in ["processing", "held"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(place)/artifacts",
                withIntermediateDirectories: true
            )
        }
        try Data().write(to: URL(fileURLWithPath: "\(directory.path)/held/artifacts/x.txt"))
        let make = FakeTool("make", .write) { .string("\($0.artifacts)/x.txt") }
        let read = FakeTool("read", .write)
        let yaml = """
            steps:
              - {id: a, tool: make}
              - {id: b, approval: {message: "Go on?"}}
              - {id: c, tool: read, arguments: {file: "{{steps.a.output}}"}}
            """
        let first = WorkflowFixture(tools: [make, read], artifacts: "\(directory.path)/processing/artifacts")
        let recorder = first.recorder()
        let hold = try #require(try await first.run(yaml, recorder).hold)
        recorder.append(.held(hold))
        let asked = try #require(hold.approval)
        let alice = Decision(uid: 1_000, user: "alice", reason: nil)
        recorder.append(.approved(Approval(step: "b", decision: alice, argumentsHash: asked.argumentsHash)))
        #expect(recorder.entry(of: "a")?.output == "artifacts/x.txt")
        let second = WorkflowFixture(tools: [make, read], artifacts: "\(directory.path)/held/artifacts")
        _ = try await second.run(yaml, recorder.resumed())
        #expect(read.calls.first?.arguments == ["file": .string("\(directory.path)/held/artifacts/x.txt")])
    }

    @Test func `a failure names an artifact relative to the job, too`() async throws {
        let tool = FakeTool("make", .read) { throw Failure(.permanent, "no room in \($0.artifacts)/x") }
        let outcome = try await WorkflowFixture(tools: [tool]).run("{steps: [{id: a, tool: make}]}")
        #expect(outcome.failure?.message == "no room in artifacts/x")
    }
}
