import Documents
import Jobs
import Models
import TestKit
import Testing

@testable import Workflow

@Suite struct BudgetTests {
    private let yaml = "steps: [{id: a, prompt: x}, {id: b, prompt: x}, {id: c, tool: put}, {id: d, tool: put}]"

    private func limits(_ change: (inout Limits) -> Void) -> Limits {
        var limits = Limits()
        change(&limits)
        return limits
    }

    private func hold(_ limits: Limits, used: Usage = Usage()) async throws -> (hold: Hold?, calls: Int) {
        let put = FakeTool("put", .write)
        var bench = WorkflowFixture(tools: [put])
        bench.budget = JobBudget(limits: limits, used: used)
        let hold = try await bench.run(yaml).hold
        return (hold, bench.models[0].requests.count + put.calls.count)
    }

    @Test func `a job is held before the call that a limit does not allow`() async throws {
        let turns = try await hold(limits { $0.turns = 1 })
        #expect(turns.hold?.reason == .overBudget && turns.hold?.step == "b" && turns.calls == 1)
        #expect(turns.hold?.message.contains("1 of 1 turns are used or set aside") == true)
        let calls = try await hold(limits { $0.toolCalls = 1 })
        #expect(calls.hold?.step == "d" && calls.calls == 3)
        #expect(try await hold(limits { ($0.turns, $0.toolCalls) = (2, 2) }).hold == nil)
    }

    @Test func `usage from before a restart counts`() async throws {
        var used = Usage()
        used.modelCalls = 1
        #expect(try await hold(limits { $0.turns = 2 }, used: used).hold?.step == "b")
    }

    @Test func `the most that a call may use is reserved while it runs, and its actual usage is booked after`() {
        var account = UsageAccount(limits: limits { ($0.tokens, $0.costUSD) = (100, 1) })
        var most = Usage()
        (most.inputTokens, most.outputTokens, most.costUSD) = (10, 50, 0.6)
        #expect(account.reserve(most) == nil)
        #expect(account.reserve(most)?.limit == "cost_usd")
        var used = Usage()
        (used.inputTokens, used.outputTokens, used.costUSD) = (8, 2, 0.1)
        account.settle(most, used: used)
        #expect(account.reserve(most) == nil)
        #expect(account.used == used)
    }

    @Test func `a job whose running time is over begins no further step`() async throws {
        var bench = WorkflowFixture()
        let claimed = bench.clock.now
        bench.budget = JobBudget(
            limits: limits { $0.duration = .seconds(60) },
            activeTime: .seconds(50),
            claimedAt: claimed
        )
        bench.clock.turn(by: .seconds(9))
        #expect(try await bench.run("steps: [{id: a, prompt: x}]") == .completed(output: "answer to a"))
        bench.clock.turn(by: .seconds(1))
        #expect(try await bench.run("steps: [{id: a, prompt: x}]").hold?.reason == .overBudget)
    }

    @Test func `corrections count, and a limit reached by them holds the job with what they used`() async throws {
        let model = FakeModel(answers: [.text("no"), .text("no"), .text("no")])
        var bench = WorkflowFixture(model)
        bench.budget = JobBudget(limits: limits { $0.turns = 1 })
        let recorder = bench.recorder()
        let yaml = "steps: [{id: a, prompt: x, output: {type: integer}}]"
        let hold = try #require(try await bench.run(yaml, recorder).hold)
        #expect(hold.reason == .overBudget && model.requests.count == 1)
        #expect(recorder.usage.modelCalls == 1 && recorder.entry(of: "a")?.retryAt != nil)
    }
}
