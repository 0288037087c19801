import Documents
import Jobs
import OrderedCollections
import Spool
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("A new configuration for a running engine", .timeLimit(.minutes(1)))
struct ConfigurationTests {
    private func queue(_ name: String) -> QueueSettings { queue(name) { _ in } }

    private func queue(_ name: String, _ change: (inout QueueSettings) throws -> Void) rethrows -> QueueSettings {
        var queue = QueueSettings(name: name, workflow: "work")
        try change(&queue)
        return queue
    }

    /// A catalog of these queues and the bench's workflow.
    private func catalog(_ queues: [QueueSettings], _ setup: EngineFixture.Setup, _ bench: EngineFixture) throws
        -> Catalog
    {
        Catalog(
            queues: OrderedDictionary(uniqueKeysWithValues: queues.map { ($0.name, $0) }),
            workflows: ["work": try bench.workflow(setup.yaml, setup.tools)],
            redactor: setup.redactor
        )
    }

    private func held(_ bench: EngineFixture, by gate: Gate) -> EngineFixture.Setup {
        EngineFixture.Setup(
            tools: [
                bench.tool("call") { _ in
                    try await gate.pass()
                    return 1
                }
            ]
        )
    }

    @Test("A new queue gets an inbox, which is watched")
    func added() async throws {
        try await EngineFixture.with { bench in
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

    @Test("A removed queue's jobs finish, and its inbox is left alone until the queue is back")
    func removed() async throws {
        try await EngineFixture.with { bench in
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
                // The removed queue's own limit still holds for its jobs.
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

    @Test("Raised limits of a queue and of the engine let waiting jobs start at once")
    func concurrency() async throws {
        try await EngineFixture.with { bench in
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

    @Test("Names that are accepted now are taken, and names that no longer are stay in the inbox")
    func names() async throws {
        try await EngineFixture.with { bench in
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

    @Test("A new daily limit counts what the queue's jobs have used today")
    func dailyLimits() async throws {
        try await EngineFixture.with { bench in
            var setup = EngineFixture.Setup(yaml: "steps: [{id: a, prompt: hello}]", tools: [])
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

    @Test("A configuration whose inbox cannot be made is refused, and nothing changes")
    func refused() async throws {
        try await EngineFixture.with { bench in
            let setup = held(bench, by: Gate(isOpen: true))
            try await bench.run(setup) { running in
                await running.whenReady()
                // A file lies where the inbox should be.
                try bench.stage("new", "no directory", in: "inbox")
                await #expect(throws: SpoolError.self) {
                    try await running.engine.configure(catalog([queue("new")], setup, bench), setup.settings)
                }
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("A stopping engine takes no new configuration")
    func stopped() async throws {
        try await EngineFixture.with { bench in
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
