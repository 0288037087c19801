import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("Another configuration of an engine at work", .timeLimit(.minutes(1)))
struct ConfigurationTests {
    private func queue(_ name: String) -> QueueSettings { queue(name) { _ in } }

    private func queue(_ name: String, _ change: (inout QueueSettings) throws -> Void) rethrows -> QueueSettings {
        var queue = QueueSettings(name: name, workflow: "work")
        try change(&queue)
        return queue
    }

    /// A catalog of these queues and the bench's workflow.
    private func catalog(_ queues: [QueueSettings], _ setup: Bench.Setup, _ bench: Bench) throws -> Catalog {
        Catalog(
            queues: OrderedDictionary(uniqueKeysWithValues: queues.map { ($0.name, $0) }),
            workflows: ["work": try bench.workflow(setup.yaml, setup.tools)],
            redactor: setup.redactor
        )
    }

    private func held(_ bench: Bench, by gate: Gate) -> Bench.Setup {
        Bench.Setup(
            tools: [
                bench.tool("call") { _ in
                    try await gate.pass()
                    return 1
                }
            ]
        )
    }

    @Test("has an inbox made and watched for a queue that is new")
    func added() async throws {
        try await Bench.with { bench in
            let setup = held(bench, by: Gate(isOpen: true))
            try await bench.run(setup) { running in
                await running.whenReady()
                try await running.engine.configure(
                    catalog([queue("default"), queue("new")], setup, bench),
                    setup.settings
                )
                try bench.drop("a.txt", in: "new")
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("lets the jobs of a queue that is gone end, and takes nothing more from its inbox, until it is back")
    func removed() async throws {
        try await Bench.with { bench in
            let gate = Gate()
            var setup = held(bench, by: gate)
            setup.queues = [queue("default"), queue("old") { $0.concurrency = 1 }]
            try await bench.run(setup) { [setup] running in
                for name in ["a.txt", "b.txt"] { try bench.drop(name, in: "old") }
                await bench.log.whenBegun(1)
                await bench.observer.rows.wait { $0.jobs.count == 2 }
                try await running.engine.configure(catalog([queue("default")], setup, bench), setup.settings)
                try bench.drop("late.txt", in: "old")
                try bench.drop("c.txt")
                await bench.log.whenBegun(2)
                // The queue's own limit holds for what is left of it.
                #expect(bench.log.names.count == 2 && bench.log.names.contains("c.txt"))
                gate.open()
                await bench.observer.when(3, .done)
                #expect(bench.entries("inbox/old") == ["late.txt"])
                try await running.engine.configure(
                    catalog([queue("default"), queue("old")], setup, bench),
                    setup.settings
                )
                await bench.observer.when("late.txt", .done)
            }
            #expect(try bench.problems() == [])
        }
    }

    @Test("counts at once for jobs that wait: more of a queue run, and more of all")
    func concurrency() async throws {
        try await Bench.with { bench in
            let gate = Gate()
            var setup = held(bench, by: gate)
            setup.queues = [queue("default") { $0.concurrency = 1 }]
            setup.settings.concurrency = 1
            try await bench.run(setup) { [setup] running in
                for name in ["a.txt", "b.txt", "c.txt"] { try bench.drop(name) }
                await bench.log.whenBegun(1)
                var settings = setup.settings
                settings.concurrency = 3
                try await running.engine.configure(catalog([queue("default")], setup, bench), settings)
                await bench.log.whenBegun(3)
                gate.open()
                await bench.observer.when(3, .done)
            }
        }
    }

    @Test("has names that are accepted now looked at, and those that are not any more left alone")
    func names() async throws {
        try await Bench.with { bench in
            let pdf = try queue("default") { $0.names = NameRules(ignore: [], accept: [try NamePattern("*.pdf")]) }
            let txt = try queue("default") { $0.names = NameRules(ignore: [], accept: [try NamePattern("*.txt")]) }
            var setup = held(bench, by: Gate(isOpen: true))
            setup.queues = [pdf]
            try await bench.run(setup) { [setup] running in
                try bench.drop("a.pdf")
                try bench.drop("a.txt")
                await bench.observer.when("a.pdf", .done)
                try await running.engine.configure(catalog([txt], setup, bench), setup.settings)
                await bench.observer.when("a.txt", .done)
                try bench.drop("b.pdf")
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
            }
            #expect(bench.entries("inbox/default") == ["b.pdf"])
        }
    }

    @Test("has a daily limit count what the queue's jobs used today, also before there was one")
    func dailyLimits() async throws {
        try await Bench.with { bench in
            var setup = Bench.Setup(yaml: "steps: [{id: a, prompt: hello}]", tools: [])
            setup.queues = [queue("default")]
            try await bench.run(setup) { [setup] running in
                try bench.drop("a.txt", "hello")
                await bench.observer.when("a.txt", .done)
                var limits = Limits()
                limits.turns = 1
                let limited = queue("default") { $0.dailyLimits = limits }
                try await running.engine.configure(catalog([limited], setup, bench), setup.settings)
                try bench.drop("b.txt", "hello")
                await bench.observer.when("b.txt", .held)
                try await running.engine.configure(catalog([queue("default")], setup, bench), setup.settings)
                try bench.drop("c.txt", "hello")
                await bench.observer.when("c.txt", .done)
            }
            #expect(bench.observer.rows.value["b.txt"]?.reason?.contains("the queue default today") == true)
        }
    }

    @Test("that cannot be is refused, and all is as it was")
    func refused() async throws {
        try await Bench.with { bench in
            let setup = held(bench, by: Gate(isOpen: true))
            try await bench.run(setup) { running in
                await running.whenReady()
                // Where the inbox is to be there is something else.
                try bench.stage("new", "no directory", in: "inbox")
                await #expect(throws: SpoolError.self) {
                    try await running.engine.configure(catalog([queue("new")], setup, bench), setup.settings)
                }
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("is not taken by an engine that stops")
    func stopped() async throws {
        try await Bench.with { bench in
            let setup = held(bench, by: Gate(isOpen: true))
            try await bench.run(setup) { running in
                await running.whenReady()
                await running.engine.stop()
                await #expect(throws: CancellationError.self) {
                    try await running.engine.configure(catalog([queue("new")], setup, bench), setup.settings)
                }
            }
        }
    }
}
