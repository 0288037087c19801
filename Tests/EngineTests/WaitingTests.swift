import Documents
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("A job that waits", .timeLimit(.minutes(1)))
struct WaitingTests {
    /// A tool whose first attempt for a.txt fails with a temporary error.
    private func setup(_ bench: EngineFixture, wait: String, gate: Gate = Gate(isOpen: true)) -> EngineFixture.Setup {
        let tool = bench.tool("call") { invocation in
            if invocation.arguments["name"] == "a.txt", invocation.attempt == 1 {
                throw Failure(.temporary, "not now")
            }
            try await gate.pass()
            return 1
        }
        let yaml = """
            retry: {attempts: 3, initial: \(wait), factor: 1, max: 1d}
            steps:
              - {id: call, tool: call, arguments: {name: "{{job.name}}", queue: "{{job.queue}}"}}
            """
        var setup = EngineFixture.Setup(yaml: yaml, tools: [tool])
        setup.settings.concurrency = 1
        return setup
    }

    @Test("A job with a short wait keeps its place and lends its worker to another job")
    func shortWait() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(self.setup(bench, wait: "4s")) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                #expect(try bench.place(of: "a.txt") == "processing/here")
                bench.clock.advance(by: .seconds(4))
                await bench.observer.when("a.txt", .done)
            }
            #expect(bench.log.names == ["a.txt", "b.txt", "a.txt"])
            #expect(bench.log.calls.value.allRunningMost == 1)
        }
    }

    @Test("A job waits for a worker after a short wait, and goes before jobs that never ran")
    func resumedFirst() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            try await bench.run(self.setup(bench, wait: "4s", gate: gate)) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
                try bench.drop("b.txt")
                await bench.log.whenBegun(2)
                try bench.drop("c.json", #"{"priority": 9}"#)
                await bench.observer.when("c.json", .waiting)
                bench.clock.advance(by: .seconds(4))
                try #require(bench.log.names == ["a.txt", "b.txt"])
                gate.open()
                await bench.observer.when(3, .done)
            }
            #expect(bench.log.calls.value.allRunningMost == 1)
        }
    }

    @Test("A job with a long wait goes to deferred/ and starts when it is due, not before")
    func deferral() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(self.setup(bench, wait: "30s")) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .deferred)
                await bench.clock.whenSleeping(for: .seconds(30))
                #expect(bench.entries("deferred").count == 1 && bench.entries("processing/here") == [])
                bench.clock.advance(by: .seconds(29))
                await bench.clock.whenSleeping(for: .seconds(1))
                #expect(bench.log.begun.count == 1)
                bench.clock.advance(by: .seconds(1))
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("A job with a wait beyond the scan interval starts on the second, not at the next scan")
    func longDeferral() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(self.setup(bench, wait: "90s")) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .deferred)
                // It gets the worker when the engine is done with the first.
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                await bench.clock.whenSleeping(for: .seconds(60))
                bench.clock.advance(by: .seconds(60))
                await bench.clock.whenSleeping(for: .seconds(30))
                bench.clock.advance(by: .seconds(30))
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("A job with run_after is deferred before its first step")
    func runAfter() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(self.setup(bench, wait: "4s")) { _ in
                try bench.drop("later.json", #"{"run_after": "30s"}"#)
                await bench.clock.whenSleeping(for: .seconds(30))
                #expect(bench.observer.rows.value["later.json"]?.state == .deferred)
                bench.clock.advance(by: .seconds(30))
                await bench.observer.when("later.json", .done)
            }
            let history = ["accepted", "deferred", "claimed", "step.started", "step.completed", "completed"]
            #expect(try bench.history(of: "later.json") == history)
        }
    }

    @Test("A job with run_after is deferred although the daemon died before that")
    func runAfterCrash() async throws {
        try await EngineFixture.with { bench in
            let setup = self.setup(bench, wait: "4s")
            let catalog = Catalog(
                queues: ["default": setup.queues[0]],
                workflows: ["work": try bench.workflow(setup.yaml, setup.tools)]
            )
            let now = bench.clock.wallClock.now
            var lock: NodeLock? = try NodeLock(of: "dead", in: bench.spool, now: now)
            let dead = try bench.node("dead")
            try await dead.prepare(queues: [])
            try bench.drop("later.json", #"{"run_after": "30s"}"#)
            let isTaken: @Sendable (JobID) -> Bool = { _ in false }
            let rules = DropRules(sizeMax: 1_000, quiet: StabilityTimes(untold: .zero), isTaken: isTaken) {
                contents throws(Rejection) in try catalog.makeAcceptance(contents, at: now)
            }
            _ = try await dead.accept(Drop(queue: "default", name: Array("later.json".utf8)), rules, look: nil)
            withExtendedLifetime(lock) {}
            #expect(try bench.place(of: "later.json") == "processing/dead")
            lock = nil
            try await bench.run(setup) { _ in
                await bench.observer.when("later.json", .deferred)
                #expect(bench.log.begun == [])
            }
        }
    }

    @Test("Jobs that wait in memory use up the window, so that a model that is down fills no memory")
    func pausedWindow() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in throw Failure(.temporary, "down") }
            var setup = self.setup(bench, wait: "4s")
            setup.tools = [tool]
            setup.settings.concurrency = 16
            for number in 1...300 { try bench.drop("\(number).txt") }
            try await bench.run(setup) { _ in
                await bench.log.whenBegun(32)
                // A paused job makes room for another job to run, and none for another to be claimed.
                await bench.observer.when(32, .running)
                #expect(bench.entries("processing/here").count <= 32 + 4)
            }
            #expect(bench.entries("inbox/default").count >= 300 - 36)
        }
    }

    @Test("No more due jobs are claimed than the window has room for")
    func dueWindow() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call") { _ in
                try await gate.pass()
                return 1
            }
            var setup = self.setup(bench, wait: "4s")
            setup.tools = [tool]
            try await bench.run(setup) { _ in
                for number in 1...200 { try bench.drop("\(number).json", #"{"run_after": "30s"}"#) }
                await bench.observer.when(200, .deferred)
                bench.clock.advance(by: .seconds(60))
                await bench.observer.when(64, .waiting)
                await bench.log.whenBegun(1)
                #expect(bench.entries("processing/here").count <= 64 + 1)
                gate.open()
                await bench.observer.when(200, .done)
            }
        }
    }
}
