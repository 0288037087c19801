import Documents
import Glibc
import Jobs
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("A request", .timeLimit(.minutes(1)))
struct RequestTests {
    private func expectCancelled(_ bench: EngineFixture, _ name: String) throws {
        #expect(bench.observer.rows.value[name]?.outcome == "cancelled")
        #expect(try bench.place(of: name) == "failed/2026-11-23")
        #expect(bench.entries("control") == [])
        #expect(try bench.problems() == [])
    }

    @Test("A cancel request ends a job that waits in the window, and leaves the others alone")
    func cancelWaiting() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            var setup = EngineFixture.Setup(
                tools: [
                    bench.tool("call") { _ in
                        try await gate.pass()
                        return 1
                    }
                ]
            )
            setup.settings.concurrency = 1
            try await bench.run(setup) { _ in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .waiting)
                try bench.request(.cancel, bench.ids("b.txt"))
                await bench.messages.when("request settled")
                gate.open()
                await bench.observer.when("a.txt", .done)
            }
            try expectCancelled(bench, "b.txt")
            #expect(bench.log.names == ["a.txt"])
        }
    }

    @Test("A cancel request for a running job cancels its step, then ends the job")
    func cancelRunning() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in
                try await Gate().pass()
                return 1
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled")
            }
            try expectCancelled(bench, "a.txt")
        }
    }

    private func failingOnce(_ bench: EngineFixture, wait: String, _ body: @escaping @Sendable () async throws -> Void)
        -> EngineFixture.Setup
    {
        let tool = bench.tool("call") { invocation in
            if invocation.arguments["name"] == "a.txt", invocation.attempt == 1 {
                throw Failure(.temporary, "not now")
            }
            try await body()
            return 1
        }
        let yaml = """
            retry: {attempts: 3, initial: \(wait), factor: 1, max: 1h}
            steps: [{id: call, tool: call, arguments: {name: "{{job.name}}"}}]
            """
        var setup = EngineFixture.Setup(yaml: yaml, tools: [tool])
        setup.settings.concurrency = 1
        return setup
    }

    @Test("A cancel request ends a deferred job")
    func cancelDeferred() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(failingOnce(bench, wait: "30s") {}) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(30))
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled")
                bench.clock.advance(by: .seconds(30))
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
            }
            try expectCancelled(bench, "a.txt")
        }
    }

    @Test("A cancel request ends a job that waits for its worker after a short wait")
    func cancelPaused() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            try await bench.run(failingOnce(bench, wait: "4s") { try await gate.pass() }) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(4))
                try bench.drop("b.txt")
                await bench.log.whenBegun(2)
                bench.clock.advance(by: .seconds(4))
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled")
                gate.open()
                await bench.observer.when("b.txt", .done)
                try bench.drop("c.txt")
                await bench.observer.when("c.txt", .done)
            }
            try expectCancelled(bench, "a.txt")
            #expect(bench.log.names == ["a.txt", "b.txt", "c.txt"])
        }
    }

    @Test("A cancel request ends a held job")
    func cancelHeld() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call", effect: .write) { _ in throw Failure(.unknown, "the answer was lost") }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .held)
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled")
            }
            try expectCancelled(bench, "a.txt")
        }
    }

    @Test("A cancel request ends a job although its step answers with a temporary failure")
    func cancelAgainstDeferral() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in
                try? await Gate().pass()
                throw Failure(.temporary, "interrupted", retryAfter: .seconds(30))
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled")
            }
            try expectCancelled(bench, "a.txt")
        }
    }

    @Test("A cancel request is not forgotten when the daemon stops before the step has ended")
    func cancelThenStop() async throws {
        try await EngineFixture.with { bench in
            let isCancelled = Watched(false)
            let gate = Gate()
            let tool = bench.tool("call") { _ in
                try? await Gate().pass()
                isCancelled.update { $0 = true }
                await withoutCancellation { try? await gate.pass() }
                throw CancellationError()
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { running in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                try bench.request(.cancel, bench.ids("a.txt"))
                await isCancelled.wait { $0 }
                #expect(bench.entries("control").count == 1, "it is not done yet")
                await running.engine.stop()
                gate.open()
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in await bench.messages.when("request settled")
            }
            try expectCancelled(bench, "a.txt")
        }
    }

    @Test("A retry request resumes a failed job without its finished steps")
    func retry() async throws {
        try await EngineFixture.with { bench in
            let isMended = Watched(false)
            let tools = [
                bench.tool("one") { _ in 1 },
                bench.tool("two") { _ in
                    if !isMended.value { throw Failure(.permanent, "broken") }
                    return 2
                },
            ]
            let yaml = "steps: [{id: one, tool: one}, {id: two, tool: two}]"
            try await bench.run(EngineFixture.Setup(yaml: yaml, tools: tools)) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .failed)
                isMended.update { $0 = true }
                try bench.request(.retry, bench.ids("a.txt"))
                await bench.observer.when("a.txt", .done)
                await bench.messages.when("request settled")
            }
            #expect(bench.log.begun.map(\.tool) == ["one", "two", "two"])
            #expect(try bench.problems() == [])
            #expect(bench.entries("control") == [])
        }
    }

    @Test("An invalid request is refused and removed, and the others are carried out")
    func nonsense() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { _ in
                try await Gate().pass()
                return 1
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                mkdir("\(bench.path)/control/0-directory", 0o700)
                for (name, text) in [
                    ("1.json", "no json"), ("2.json", #"{"action": "explode", "jobs": []}"#),
                    ("3.json", #"{"action": "cancel", "jobs": ["../../etc/passwd"]}"#),
                    ("4.json", #"{"action": "cancel", "jobs": ["01JD0000000000000000000000"]}"#),
                    ("5.json", #"{"action": "retry", "jobs": ["\#(bench.ids("a.txt")[0])"]}"#),
                ] { try bench.stage(name, text, in: "control") }
                await bench.messages.when("request settled", times: 5)
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("request settled", times: 6)
            }
            #expect(bench.observer.rows.value["a.txt"]?.outcome == "cancelled")
            #expect(bench.entries("control") == ["0-directory"])
            for refusal in [
                "control/1.json:1: not valid JSON",
                "control/2.json:1: action: one of cancel, retry, hold, release, approve, deny, deliver was expected",
                "control/3.json:1: jobs: ../../etc/passwd is no job id", "cancel was refused: there is no such job",
                "retry was refused: it is running",
            ] { #expect(bench.messages.count(of: refusal) == 1, "\(refusal): \(bench.messages.last(30))") }
        }
    }

    @Test("A request leaves a job alone whose history was changed")
    func changedHistory() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { _ in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
                let location = try #require(bench.spool.findJobs { $0.drop == "a.txt" }.first)
                let path = "\(bench.path)/\(location.path)/history.jsonl"
                let bytes = try bench.spool.contents(of: "history.jsonl", in: location) ?? []
                let text = String(decoding: bytes, as: UTF8.self)
                try write(text.replacing("step.completed", with: "step.compleated"), to: path)
                try bench.request(.cancel, bench.ids("a.txt"))
                await bench.messages.when("was refused")
            }
            #expect(try bench.place(of: "a.txt") == "done/2026-11-23")
        }
    }

    @Test("A request for a job of another live node waits until that node is dead")
    func otherNode() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let tool = bench.tool("call") { _ in
                try await gate.pass()
                return 1
            }
            do {
                let other = try await bench.engine(EngineFixture.Setup(node: "other", tools: [tool]))
                try bench.drop("a.txt")
                await bench.log.whenBegun(1)
                await other.engine.stop()
                await bench.clock.whenSleeping(for: .seconds(20))
                bench.clock.advance(by: .seconds(20))
                try await other.end()
            }
            // The node's files are as after its death; while the test holds its lock, it counts as alive.
            var lock: NodeLock? = try await bench.takeLock(of: "other")
            try await bench.run(EngineFixture.Setup(tools: [tool])) { running in
                await running.whenReady()
                try bench.request(.cancel, bench.ids("a.txt"))
                try bench.drop("b.txt")
                await bench.log.whenBegun(2)
                #expect(try bench.place(of: "a.txt") == "processing/other")
                withExtendedLifetime(lock) {}
                lock = nil
                await bench.clock.whenSleeping(for: .seconds(60))
                bench.clock.advance(by: .seconds(60))
                await bench.messages.when("request settled")
                gate.open()
                await bench.observer.when("b.txt", .done)
            }
            try expectCancelled(bench, "a.txt")
        }
    }
}

/// Runs `body` as if its task had not been cancelled.
private func withoutCancellation(_ body: @escaping @Sendable () async -> Void) async {
    await Task { await body() }.value
}
