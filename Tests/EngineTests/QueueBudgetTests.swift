import Documents
import Jobs
import Models
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("A queue's daily budget", .timeLimit(.minutes(1)))
struct QueueBudgetTests {
    /// A model that costs twice its worst case.
    private struct GreedyModel: ChatModel {
        static let cost = 0.02
        let name = "default"
        func worstCase(of request: ChatRequest) -> Usage {
            var usage = Usage()
            (usage.modelCalls, usage.costUSD) = (1, Self.cost / 2)
            return usage
        }

        func complete(_ request: ChatRequest) async throws -> ChatAnswer {
            var usage = worstCase(of: request)
            usage.costUSD = Self.cost
            return ChatAnswer(text: "done", usage: usage, model: "greedy", body: [:])
        }
    }

    private func setup(_ limits: (inout Limits) -> Void, model: any ChatModel, tools: [FakeTool] = [])
        -> EngineFixture.Setup
    {
        var queue = QueueSettings(name: "default", workflow: "work")
        var daily = Limits()
        limits(&daily)
        (queue.dailyLimits, queue.concurrency) = (daily, 100)
        let yaml =
            tools.isEmpty ? "steps: [{id: a, prompt: hello}]" : "steps: [{id: a, tool: call, arguments: {n: 1}}]"
        var setup = EngineFixture.Setup(yaml: yaml, tools: tools, model: model, queues: [queue])
        setup.settings.concurrency = 100
        return setup
    }

    @Test("A hundred jobs overspend a daily budget by no more than the calls in flight")
    func money() async throws {
        try await EngineFixture.with { bench in
            let budget = 0.4
            let inFlight = 8
            var setup = setup({ $0.costUSD = budget }, model: GreedyModel())
            setup.settings.concurrency = inFlight
            try await bench.run(setup) { _ in
                for number in 0..<100 { try bench.drop("\(number).txt", "hello") }
                await bench.observer.rows.wait { rows in
                    rows.jobs.values.filter { $0.state == .done || $0.state == .held }.count == 100
                }
            }
            let rows = bench.observer.rows.value.jobs.values
            let spent = rows.reduce(0) { $0 + $1.costUSD }
            #expect(spent >= budget - GreedyModel.cost)
            #expect(spent <= budget + Double(inFlight) * GreedyModel.cost + 1e-9)
            let held = rows.filter { $0.state == .held }
            #expect(held.count == 100 - Int((spent / GreedyModel.cost).rounded()))
            #expect(held.allSatisfy { $0.reason?.hasPrefix("over_budget: ") == true })
        }
    }

    @Test("A daily limit of calls is kept exactly over a restart, and starts anew the next day")
    func calls() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call", effect: .write) { _ in 1 }
            let setup = setup({ $0.toolCalls = 3 }, model: EchoModel(), tools: [tool])
            try await bench.run(setup) { _ in
                for name in ["a.txt", "b.txt"] {
                    try bench.drop(name)
                    await bench.observer.when(name, .done)
                }
            }
            try await bench.run(setup) { _ in
                try bench.drop("c.txt")
                await bench.observer.when("c.txt", .done)
                try bench.drop("d.txt")
                await bench.observer.when("d.txt", .held)
                bench.clock.advance(by: .seconds(86_400))
                try bench.request(.release, bench.ids("d.txt"))
                await bench.observer.when("d.txt", .done)
            }
            #expect(bench.log.begun.count == 4)
        }
    }
}
