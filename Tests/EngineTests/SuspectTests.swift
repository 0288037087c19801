import Documents
import Jobs
import Models
import Spool
import TestKit
import Testing
import Workflow

@testable import Engine

@Suite("Steps during which the daemon died", .timeLimit(.minutes(1)))
struct SuspectTests {
    /// How a run of the daemon ends while steps run.
    enum End: Sendable {
        case death, stop, reboot
        /// A death of a version that did not note whether steps ran.
        case earlierVersion
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var ends: [End]
        var isAlone: Bool

        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "steps run as before after two deaths", ends: [.death, .death], isAlone: false),
        Row(name: "steps run alone after three deaths", ends: [.death, .death, .death], isAlone: true),
        Row(name: "a stop between three deaths changes nothing", ends: [.death, .death, .stop, .death], isAlone: true),
        Row(name: "steps run as before after stops", ends: [.stop, .stop, .stop, .stop], isAlone: false),
        Row(name: "steps run as before after reboots", ends: [.reboot, .reboot, .reboot, .reboot], isAlone: false),
        Row(
            name: "steps run as before after deaths of an earlier version",
            ends: [.earlierVersion, .earlierVersion, .earlierVersion],
            isAlone: false
        ),
    ]

    @Test("Steps run alone after enough deaths of the daemon, and not before", arguments: rows)
    func evidence(row: Row) async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            try bench.drop("a.txt")
            try bench.drop("b.txt")
            for end in row.ends { try await bed.live(2, end) }
            bed.gate.open()
            try await bench.run(bed.setup) { _ in
                if row.isAlone { try await bed.endQuiet() }
                await bench.observer.when(2, .done)
            }
            #expect(try bed.areAlone("a.txt").last == row.isAlone && bed.areAlone("b.txt").last == row.isAlone)
            #expect(bench.log.begun.count == 2 * row.ends.count + 2)
            #expect(try bench.problems() == [])
        }
    }

    @Test("Suspected steps run one at a time, before all others, which run after that")
    func oneAtATime() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            for name in ["a.txt", "b.txt", "c.txt"] { try bench.drop(name) }
            for _ in 1...3 { try await bed.live(3, .death) }
            let before = bench.log.begun.count
            try await bench.run(bed.setup) { _ in
                for name in ["x.json", "y.json"] { try bench.drop(name, #"{"priority": 9}"#) }
                await bench.observer.rows.wait { $0["y.json"]?.why == Suspicion.othersWait }
                try await bed.endQuiet()
                for count in 1...3 {
                    await bench.log.whenBegun(before + count)
                    #expect(bench.log.calls.value.running["default"] == 1)
                    await bench.observer.rows.wait { rows in
                        rows.jobs.values.contains { $0.why?.hasSuffix("; runs alone") == true }
                    }
                    bed.gate.letOne()
                }
                await bench.log.whenBegun(before + 5)
                bed.gate.open()
                await bench.observer.when(5, .done)
            }
            #expect(Set(bench.log.names.dropFirst(before).prefix(3)) == ["a.txt", "b.txt", "c.txt"])
            #expect(try bed.areAlone("x.json") == [false])
        }
    }

    @Test("A job is held when the daemon dies while its step runs alone, and the other jobs finish")
    func guilty() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            for name in ["a.txt", "b.txt", "c.txt"] { try bench.drop(name) }
            for _ in 1...3 { try await bed.live(3, .death) }
            let before = bench.log.begun.count
            try await bed.live(1, .death) { try await bed.endQuiet() }
            let guilty = try #require(bench.log.names.last)
            bed.gate.open()
            try await bench.run(bed.setup) { _ in
                await bench.observer.when(guilty, .held)
                try await bed.endQuiet()
                await bench.observer.when(2, .done)
            }
            let reason = bench.observer.rows.value[guilty]?.reason
            #expect(
                reason?.hasPrefix("poison: the daemon died 4 times while step call ran, at last while it ran alone")
                    == true
            )
            #expect(bench.log.begun.count == before + 3)
        }
    }

    @Test("Suspected steps run as before after the daemon has died while nothing ran")
    func idleDeath() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            for name in ["a.txt", "b.txt"] { try bench.drop(name) }
            for _ in 1...3 { try await bed.live(2, .death) }
            let before = bench.log.begun.count
            try await bed.live(0, .death) {
                await bench.clock.whenSleeping(for: bed.setup.settings.quietMin)
            }
            try await bench.run(bed.setup) { _ in
                await bench.log.whenBegun(before + 2)
                bed.gate.open()
                await bench.observer.when(2, .done)
            }
            #expect(try bed.areAlone("a.txt") == [false, false, false, false])
        }
    }

    @Test("Suspected steps wait for longer than the time between quick deaths")
    func rhythm() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            try bench.drop("a.txt")
            for _ in 1...3 { try await bed.live(1, .death) { bench.clock.advance(by: .seconds(4)) } }
            bed.gate.open()
            try await bench.run(bed.setup) { _ in
                await bench.clock.whenSleeping(for: .seconds(8))
                bench.clock.advance(by: .seconds(8))
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("Suspected steps of a dead node run alone on the node that takes them over")
    func otherNode() async throws {
        try await EngineFixture.with { bench in
            var bed = Bed(bench, node: "other")
            try bench.drop("a.txt")
            for _ in 1...3 { try await bed.live(1, .death) }
            bed.gate.open()
            bed.setup.node = "here"
            try await bench.run(bed.setup) { _ in await bench.observer.when("a.txt", .done) }
            #expect(try bed.areAlone("a.txt").last == true)
        }
    }

    @Test("Suspected steps of one job run one at a time, too")
    func loop() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench, yaml: Bed.loop)
            try bench.drop("a.json", #"{"input": {"items": [1, 2, 3, 4]}}"#)
            for _ in 1...3 { try await bed.live(4, .death) }
            let before = bench.log.begun.count
            try await bench.run(bed.setup) { _ in
                try await bed.endQuiet()
                for count in 1...4 {
                    await bench.log.whenBegun(before + count)
                    #expect(bench.log.calls.value.running["default"] == 1)
                    bed.gate.letOne()
                }
                await bench.observer.when("a.json", .done)
            }
            #expect(try bed.areAlone("a.json").suffix(4) == [true, true, true, true])
        }
    }

    @Test("A suspected step does not block the others for ever, and a death beside them does not hold it")
    func longRun() async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            try bench.drop("a.txt")
            for _ in 1...3 { try await bed.live(1, .death) }
            let before = bench.log.begun.count
            try await bed.live(0, .death) {
                try await bed.endQuiet()
                await bench.log.whenBegun(before + 1)
                try bench.drop("b.txt")
                await bench.clock.whenSleeping(for: bed.setup.settings.guardMax)
                bench.clock.advance(by: bed.setup.settings.guardMax)
                await bench.log.whenBegun(before + 2)
            }
            bed.gate.open()
            try await bench.run(bed.setup) { _ in
                try await bed.endQuiet()
                await bench.observer.when(2, .done)
            }
        }
    }

    @Test("A suspected step whose model rests does not block the others")
    func restingModel() async throws {
        try await EngineFixture.with { bench in
            let rests = Watched(false)
            let calls = Watched(0)
            let gate = Gate()
            var bed = Bed(bench, yaml: Bed.asking)
            bed.setup.model = RestingModel(rests: rests, calls: calls, gate: gate)
            try bench.drop("a.json", #"{"input": {"ask": true}}"#)
            for life in 1...3 {
                try await bed.live(0, .death) { await calls.wait { $0 == life } }
            }
            rests.update { $0 = true }
            bed.gate.open()
            try await bench.run(bed.setup) { _ in
                try bench.drop("b.txt")
                try await bed.endQuiet()
                await bench.observer.when("b.txt", .done)
                #expect(bench.observer.rows.value["a.json"]?.state != .done)
            }
        }
    }

    @Test(
        "A stop, a cancel and a hold end the wait of a suspected step to run alone",
        arguments: [ControlRequest.Action.cancel, .hold]
    )
    func requests(action: ControlRequest.Action) async throws {
        try await EngineFixture.with { bench in
            let bed = Bed(bench)
            try bench.drop("a.txt")
            for _ in 1...3 { try await bed.live(1, .death) }
            let before = bench.log.begun.count
            try await bed.live(0, .stop) {
                await bench.observer.rows.wait { $0["a.txt"]?.why?.hasSuffix("; waits to run alone") == true }
            }
            try await bench.run(bed.setup) { _ in
                await bench.observer.rows.wait { $0["a.txt"]?.why?.hasSuffix("; waits to run alone") == true }
                try bench.request(action, bench.ids("a.txt"))
                await bench.observer.when("a.txt", action == .hold ? .held : .failed)
            }
            #expect(bench.log.begun.count == before)
        }
    }
}
