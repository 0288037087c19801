import Documents
import Jobs
import Models
import TestKit
import Testing
import Threads
import Tools

@testable import Engine

/// A model that serves one step at a time, and fails its first call.
private struct NarrowModel: ChatModel {
    let name = "default"
    private let turns = AsyncSemaphore(permits: 1)
    private let calls = Watched(0)

    func withPermit<Value: Sendable>(_ body: @Sendable (any ChatModel) async throws -> Value) async throws -> Value {
        try await turns.withPermits { try await body(self) }
    }

    func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        let call = calls.update { calls in
            calls += 1
            return calls
        }
        if call == 1 { throw Failure(.temporary, "not now") }
        return try await EchoModel().complete(request)
    }
}

@Suite("Workers and turns of a model", .timeLimit(.minutes(1)))
struct TurnOrderTests {
    private static let yaml = """
        retry: {attempts: 3, initial: 4s, factor: 1, max: 1h}
        steps:
          - {id: call, tool: call, arguments: {name: "{{job.name}}"}}
          - {id: ask, prompt: "{{job.name}}"}
        """

    @Test("After a pause a step waits for a worker before it takes its turn at the model")
    func pausedStep() async throws {
        try await EngineFixture.with { bench in
            let (hasBegun, gate) = (Watched(false), Gate())
            let tool = bench.tool("call") { call in
                if call.arguments["name"] == "b.txt" {
                    hasBegun.update { $0 = true }
                    try await gate.pass()
                }
                return 1
            }
            var setup = EngineFixture.Setup(yaml: Self.yaml, tools: [tool], model: NarrowModel())
            setup.settings.concurrency = 1
            try await bench.run(setup) { engine in
                await engine.whenReady()
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
                try bench.drop("b.txt")
                await hasBegun.wait { $0 }
                bench.clock.advance(by: .seconds(4))
                await bench.observer.rows.wait { rows in
                    rows["a.txt"]?.why == JobSummary.awaitsWorker
                }
                gate.open()
                await bench.observer.when("b.txt", .done)
                await bench.observer.when("a.txt", .done)
            }
        }
    }
}
