import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Workflow

@Suite struct ApprovalTests {
    private let alice = Decision(uid: 1_000, user: "alice", reason: "fine")
    private let yaml = """
        steps:
          - {id: find, prompt: "find it"}
          - {id: put, tool: put, arguments: {amount: 7}}
        """

    private func approval(_ hold: Hold, _ arguments: JSON? = nil) throws -> JobEvent {
        let asked = try #require(hold.approval)
        return .approved(
            Approval(step: asked.step, decision: alice, argumentsHash: asked.argumentsHash, arguments: arguments)
        )
    }

    @Test func `a tool that needs an approval is not called before it, and earlier steps do not run again`()
        async throws
    {
        let put = FakeTool("put", .write)
        var bench = WorkflowFixture(tools: [put])
        bench.policies = ["put": "{approval: always}"]
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(hold.reason == .approval && hold.step == "put" && put.calls.isEmpty)
        #expect(hold.approval?.arguments == ["amount": 7] && hold.approval?.tool == "put")
        recorder.append(.held(hold))
        #expect(try await bench.run(yaml, recorder.resumed()).hold == hold)
        recorder.append(try approval(hold))
        let next = recorder.resumed()
        #expect(try await bench.run(yaml, next) == .completed(output: "did put"))
        #expect(put.calls.map(\.arguments) == [["amount": 7]])
        #expect(bench.models[0].requests.count == 1)
        // An approval is for one call: a call that was made is not asked about again.
        #expect(try await bench.run(yaml, next.resumed()) == .completed(output: "did put"))
        #expect(put.calls.count == 1)
    }

    @Test func `a person who approves may change the arguments, which must fit the tool's parameters`() async throws {
        let put = FakeTool("put", .write, parameters: ["properties": ["amount": ["maximum": 10]]])
        var bench = WorkflowFixture(tools: [put])
        bench.policies = ["put": "{approval: always}"]
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        recorder.append(.held(hold))
        recorder.append(try approval(hold, ["amount": 70]))
        let again = try #require(try await bench.run(yaml, recorder).hold)
        #expect(again.approval?.why.hasPrefix("what alice put in cannot be used: ") == true)
        recorder.append(.held(again))
        recorder.append(try approval(again, ["amount": 5]))
        #expect(try await bench.run(yaml, recorder) == .completed(output: "did put"))
        #expect(put.calls.map(\.arguments) == [["amount": 5]])
        #expect(recorder.events.started.filter { $0.step == "put" }.map(\.arguments) == [["amount": 5]])
    }

    @Test func `changed arguments need an approval of their own`() async throws {
        let put = FakeTool("put", .write)
        var bench = WorkflowFixture(tools: [put])
        bench.policies = ["put": "{approval: always}"]
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        recorder.append(.held(hold))
        recorder.append(try approval(hold))
        let changed = yaml.replacing("7", with: "8")
        #expect(try await bench.run(changed, recorder).hold?.approval?.arguments == ["amount": 8])
        #expect(put.calls.isEmpty)
    }

    @Test(arguments: [
        ("{amount: 101}", true), ("{amount: 100}", false), ("{amount: '5'}", true), ("{}", true),
        ("{amount: null}", true),
    ])
    func `a condition on the arguments says when an approval is needed`(arguments: String, isAsked: Bool) async throws {
        var bench = WorkflowFixture(tools: [FakeTool("put", .write)])
        bench.policies = ["put": "{approval: {when: arguments.amount > 100, expires: 2h, on_expiry: fail}}"]
        let outcome = try await bench.run("steps: [{id: a, tool: put, arguments: \(arguments)}]")
        #expect((outcome.hold != nil) == isAsked)
        if let asked = outcome.hold?.approval {
            #expect(asked.expires == bench.clock.now + .seconds(7_200) && asked.onExpiry == .fail)
        }
    }

    private let agent = """
        steps: [{id: a, agent: {prompt: x, tools: [put], on_denied: tell}}]
        """

    @Test func `an agent gets a denial where the workflow says so, and goes on`() async throws {
        let model = FakeModel(answers: [.calls(("put", "{}")), .text("sorry")])
        let put = FakeTool("put", .write)
        var bench = WorkflowFixture(model, tools: [put])
        bench.policies = ["put": "{approval: always}"]
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(agent, recorder).hold)
        #expect(hold.approval?.onDenied == .tell)
        recorder.append(.held(hold))
        recorder.append(.denied(Denial(step: hold.step, decision: alice)))
        #expect(try await bench.run(agent, recorder) == .completed(output: "sorry"))
        #expect(model.requests[1].messages.last?.content == #"{"error":"alice said no: fine"}"#)
        #expect(put.calls.isEmpty && recorder.entry(of: "a/1/tool/0")?.failure?.class == .denied)
    }

    @Test func `a step that only asks gives its answer to the steps after it`() async throws {
        let yaml = """
            steps:
              - {id: ask, approval: {message: "Publish {{input.title}}?", arguments: {title: "{{input.title}}"}}}
              - {id: put, tool: put, arguments: {title: "{{steps.ask.output.arguments.title}}"}}
            """
        let put = FakeTool("put", .write)
        let bench = WorkflowFixture(tools: [put], input: ["title": "It"])
        let recorder = bench.recorder()
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(hold.approval?.why == "Publish It?" && hold.approval?.tool == nil)
        recorder.append(.held(hold))
        recorder.append(try approval(hold, ["title": "That"]))
        _ = try await bench.run(yaml, recorder)
        #expect(put.calls.map(\.arguments) == [["title": "That"]])
        #expect(recorder.entry(of: "ask")?.output?["approved_by"] == "alice")
    }

    @Test(arguments: ["{deny: {properties: {to: {const: boss}}}}", "{allow: {properties: {to: {const: friend}}}}"])
    func `a call that the policy forbids is refused and recorded, and the model goes on`(policy: String) async throws {
        let model = FakeModel(answers: [.calls(("put", #"{"to":"boss"}"#)), .text("sorry")])
        let put = FakeTool("put", .write)
        var bench = WorkflowFixture(model, tools: [put])
        bench.policies = ["put": policy]
        let recorder = bench.recorder()
        #expect(try await bench.run(agent, recorder) == .completed(output: "sorry"))
        #expect(put.calls.isEmpty && recorder.entry(of: "a/1/tool/0")?.failure?.class == .denied)
        let failure = try await bench.run("steps: [{id: b, tool: put, arguments: {to: boss}}]").failure
        #expect(failure?.class == .denied && failure?.message.hasPrefix("put was not called: the policy ") == true)
    }
}
