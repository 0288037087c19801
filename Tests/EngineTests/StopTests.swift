import Documents
import Jobs
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("Stopping an engine", .timeLimit(.minutes(1)))
struct StopTests {
    private static let twoSteps = """
        retry: {attempts: 3, initial: 4s, factor: 1, max: 1h}
        steps:
          - {id: one, tool: one, arguments: {name: "{{job.name}}"}}
          - {id: two, tool: two, arguments: {name: "{{job.name}}"}}
        """

    private func setup(_ bench: EngineFixture, _ one: @escaping @Sendable (ToolInvocation) async throws -> JSON)
        -> EngineFixture.Setup
    {
        EngineFixture.Setup(yaml: Self.twoSteps, tools: [bench.tool("one", one), bench.tool("two") { _ in 2 }])
    }

    @Test("A stop lets the running step end, begins no other, and leaves the job to the next start")
    func stop() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let setup = self.setup(bench) { _ in
                try await gate.pass()
                return 1
            }
            try await bench.run(setup) { first in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                await first.engine.stop()
                try bench.drop("b.txt")
                gate.open()
            }
            #expect(bench.entries("inbox/default") == ["b.txt"])
            #expect(try bench.history(of: "a.txt") == ["accepted", "step.started", "step.completed"])
            try await second(bench, setup)
            #expect(bench.log.begun.map(\.tool).sorted() == ["one", "one", "two", "two"])
            #expect(try bench.problems() == [])
        }
    }

    private func second(_ bench: EngineFixture, _ setup: EngineFixture.Setup) async throws {
        try await bench.run(setup) { _ in await bench.observer.when(2, .done) }
    }

    @Test("A stop cancels a step that exceeds the grace period, and the next start runs it again")
    func grace() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let setup = self.setup(bench) { _ in
                try await gate.pass()
                return 1
            }
            try await bench.run(setup) { first in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                await first.engine.stop()
                await bench.clock.whenSleeping(for: .seconds(20))
                #expect(bench.log.calls.value.running.values.reduce(0, +) == 1)
                bench.clock.advance(by: .seconds(20))
            }
            #expect(try bench.place(of: "a.txt") == "processing/here")
            gate.open()
            try await bench.run(setup) { _ in await bench.observer.when("a.txt", .done) }
        }
    }

    @Test("A stop does not wait for a job that waits for a retry")
    func duringPause() async throws {
        try await EngineFixture.with { bench in
            let setup = self.setup(bench) { invocation in
                if invocation.attempt == 1 { throw Failure(.temporary, "not now") }
                return 1
            }
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
            }
            bench.clock.advance(by: .seconds(4))
            try await bench.run(setup) { _ in await bench.observer.when("a.txt", .done) }
        }
    }

    @Test("No timer outlives the engine's run, and no pause of a step")
    func timers() async throws {
        try await EngineFixture.with { bench in
            let setup = self.setup(bench) { _ in throw Failure(.temporary, "not now") }
            let running = try await bench.engine(setup)
            await running.whenReady()
            try bench.drop("a.txt")
            await bench.clock.whenSleeping(for: .seconds(4))
            await bench.clock.whenSleeping(for: .seconds(60))
            await running.engine.stop()
            try await running.end()
            #expect(bench.clock.sleeping == [])
            #expect(await running.engine.timers.anyTask == nil)
        }
    }

    @Test("A stop does not wait for the retry of one step while another of the job runs")
    func duringPauseBesideStep() async throws {
        try await EngineFixture.with { bench in
            let (gate, hasFailed) = (Gate(), Watched(false))
            let tool = bench.tool("call") { invocation in
                let isFirst = hasFailed.update { hasFailed in
                    defer { hasFailed = hasFailed || invocation.arguments["item"] == 0 }
                    return !hasFailed && invocation.arguments["item"] == 0
                }
                if isFirst { throw Failure(.temporary, "not now") }
                try await gate.pass()
                return 1
            }
            let yaml = """
                retry: {attempts: 3, initial: 4s, factor: 1, max: 1h}
                steps:
                  - {id: skipped, when: input.none, tool: call}
                  - id: each
                    for_each: [0, 1]
                    concurrency: 2
                    steps: [{id: inner, tool: call, arguments: {item: "{{item}}"}}]
                """
            var setup = EngineFixture.Setup(yaml: yaml, tools: [tool])
            setup.settings.concurrency = 1
            try await bench.run(setup) { first in
                try bench.drop("a.txt")
                await bench.log.whenBegun(2)
                await bench.clock.whenSleeping(for: .seconds(4))
                // The job keeps its worker while the other element runs, though a step was skipped before.
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .waiting)
                await first.engine.isAlive()
                #expect(bench.log.begun.count == 2)
                await first.engine.stop()
                gate.open()
            }
            bench.clock.advance(by: .seconds(4))
            try await second(bench, setup)
        }
    }

    @Test("A stop does not wait for a job that waits for its worker")
    func duringWaitForWorker() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            var setup = self.setup(bench) { invocation in
                if invocation.arguments["name"] == "a.txt", invocation.attempt == 1 {
                    throw Failure(.temporary, "not now")
                }
                try await gate.pass()
                return 1
            }
            setup.settings.concurrency = 1
            try await bench.run(setup) { first in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
                try bench.drop("b.txt")
                await bench.log.whenBegun(2)
                bench.clock.advance(by: .seconds(4))
                await first.engine.stop()
                gate.open()
            }
            #expect(bench.log.begun.count == 2)
            try await second(bench, setup)
        }
    }

    @Test("An engine stops when the task of run() is cancelled, and no step runs on")
    func cancelledRun() async throws {
        try await EngineFixture.with { bench in
            let setup = self.setup(bench) { _ in
                try await Gate().pass()
                return 1
            }
            let running = try await bench.engine(setup)
            try bench.drop("a.txt")
            await bench.log.whenBegun(1)
            running.cancel()
            try await running.end()
            #expect(bench.log.calls.value.running.values.reduce(0, +) == 0)
            #expect(bench.clock.sleeping == [])
        }
    }

    @Test("A stop leaves no timer and no half-accepted drop behind")
    func nothingLeft() async throws {
        try await EngineFixture.with { bench in
            let setup = self.setup(bench) { _ in 1 }
            let running = try await bench.engine(setup)
            for number in 1...40 { try bench.drop("\(number).txt") }
            await bench.observer.when(5, .done)
            await running.engine.stop()
            try await running.end()
            let before = bench.entries("processing/here")
            #expect(bench.clock.sleeping == [])
            let halfAccepted = before.filter { job in
                names(in: "\(bench.path)/processing/here/\(job)").contains { $0.hasPrefix("drop@") }
            }
            #expect(halfAccepted == [])
        }
    }
}
