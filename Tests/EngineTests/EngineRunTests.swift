import Documents
import Jobs
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("An engine", .timeLimit(.minutes(1)))
struct EngineRunTests {
    @Test("A drop becomes a job and runs to its end")
    func dropToDone() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { invocation in ["seen": invocation.arguments["name"] ?? .null] }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt", "hello")
                await bench.observer.when("a.txt", .done)
            }
            #expect(try bench.place(of: "a.txt") == "done/2026-11-23")
            #expect(try bench.history(of: "a.txt") == ["accepted", "step.started", "step.completed", "completed"])
            #expect(try bench.problems() == [])
            #expect(bench.entries("inbox/default") == [] && bench.entries("processing/here") == [])
        }
    }

    @Test("A drop from before the start is found")
    func foundAtStart() async throws {
        try await EngineFixture.with { bench in
            try bench.drop("a.txt")
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { _ in
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("A drain with nothing to do ends at once")
    func drainOfNothing() async throws {
        try await EngineFixture.with { bench in
            var setup = EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])
            setup.settings.drains = true
            try await bench.engine(setup).end()
        }
    }

    @Test("A drain ends after the last job, including a job that a request puts back")
    func drain() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { invocation in
                if invocation.arguments["name"] == "bad.txt", invocation.attempt == 1 {
                    throw Failure(.permanent, "broken")
                }
                return 1
            }
            var setup = EngineFixture.Setup(tools: [tool])
            setup.settings.drains = true
            for number in 1...40 { try bench.drop("\(number).txt") }
            try bench.drop("bad.txt")
            try await bench.engine(setup).end()
            #expect(bench.observer.rows.value.count(.done) == 40)
            #expect(bench.observer.rows.value["bad.txt"]?.state == .failed)
            // Due times are whole seconds, so the retry is due half a second from now.
            bench.clock.advance(by: .milliseconds(500))
            try bench.request(.retry, bench.ids("bad.txt"))
            let again = try await bench.engine(setup)
            await bench.clock.whenSleeping(for: .milliseconds(500))
            bench.clock.advance(by: .milliseconds(500))
            try await again.end()
            #expect(bench.observer.rows.value["bad.txt"]?.state == .done)
            #expect(try bench.problems() == [])
        }
    }

    @Test("Jobs start by the priority of their queue first, then by their own")
    func priorities() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call") { invocation in
                if invocation.arguments["name"] == "first.txt" { try await gate.pass() }
                return 1
            }
            var urgent = QueueSettings(name: "urgent", workflow: "work")
            urgent.priority = 5
            var setup = EngineFixture.Setup(tools: [tool])
            setup.queues.append(urgent)
            setup.settings.concurrency = 1
            try await bench.run(setup) { engine in
                await engine.whenReady()
                try bench.drop("first.txt")
                await bench.log.whenBegun(1)
                try bench.drop("low.json", #"{"priority": 1}"#)
                try bench.drop("high.json", #"{"priority": 8}"#)
                try bench.drop("urgent.txt", in: "urgent")
                await bench.observer.when(3, .waiting)
                gate.open()
                await bench.observer.when(4, .done)
            }
            #expect(bench.log.names == ["first.txt", "urgent.txt", "high.json", "low.json"])
        }
    }

    @Test("No more jobs run, of a queue or in all, than the settings allow")
    func concurrency() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call") { _ in
                try await gate.pass()
                return 1
            }
            var setup = EngineFixture.Setup(tools: [tool])
            setup.queues = ["a": 2, "b": 3, "c": 4].map { name, concurrency in
                var queue = QueueSettings(name: name, workflow: "work")
                queue.concurrency = concurrency
                return queue
            }
            setup.settings.concurrency = 6
            try await bench.run(setup) { engine in
                await engine.whenReady()
                for number in 1...20 {
                    for queue in ["a", "b", "c"] { try bench.drop("\(queue)\(number).txt", in: queue) }
                }
                await bench.log.whenBegun(6)
                #expect(bench.log.calls.value.running.values.reduce(0, +) == 6)
                gate.open()
                await bench.observer.when(60, .done)
            }
            let calls = bench.log.calls.value
            #expect(calls.allRunningMost == 6)
            for (queue, limit) in ["a": 2, "b": 3, "c": 4] { #expect(calls.runningMost[queue, default: 0] <= limit) }
        }
    }

    @Test("An engine claims no more jobs than its window, however many drops there are")
    func window() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call") { invocation in
                try await gate.pass()
                return .int(Int64(bench.entries("processing/here").count))
            }
            var setup = EngineFixture.Setup(tools: [tool])
            setup.queues[0].concurrency = 3
            for number in 1...5_000 { try write("text", to: "\(bench.path)/inbox/default/\(number).txt") }
            try await bench.run(setup) { engine in
                // The engine looks for more when a quarter of the window is free.
                await bench.observer.when(24, .waiting)
                #expect(bench.entries("processing/here").count <= 32 + 3)
                gate.open()
                await bench.observer.when(200, .done)
            }
            let most = try bench.spool.findJobs { _ in true }.compactMap { location in
                try bench.spool.history(of: location)?.records.compactMap { record in
                    if case .stepCompleted(let step) = record.event { step.output?.int } else { nil }
                }.max()
            }
            #expect(most.max() ?? 0 > 3)
            #expect(most.max() ?? 0 <= 32 + 3)
        }
    }

    @Test("An engine answers while a step blocks its thread")
    func blockingStep() async throws {
        try await EngineFixture.with { bench in
            let isAnswered = Watched(false)
            let tool = bench.tool("call") { _ in
                // Spins, as a step that computes does: the thread is not given back.
                while !isAnswered.value {}
                return 1
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { running in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                await running.engine.isAlive()
                isAnswered.update { $0 = true }
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("An invalid drop is rejected with a reason")
    func rejection() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { _ in
                try bench.drop("bad.json", "{\n  \"workflow\": \"wrok\"\n}")
                await bench.observer.rows.wait { !$0.rejected.isEmpty }
            }
            let reason = "line 2: workflow: there is no workflow \"wrok\"; there are: work"
            #expect(bench.observer.rows.value.rejected.first?.reason == reason)
            #expect(bench.log.begun == [])
        }
    }
}
