import Documents
import Foundation
import Glibc
import Jobs
import Spool
import SystemPackage
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("The start order of jobs", .timeLimit(.minutes(1)))
struct OrderTests {
    /// One job at a time; the calls record the order.
    private func setup(_ bench: EngineFixture, gate: Gate? = nil) -> EngineFixture.Setup {
        let tool = bench.tool("call") { _ in
            try await gate?.pass()
            return 1
        }
        var setup = EngineFixture.Setup(tools: [tool])
        setup.queues[0].concurrency = 1
        return setup
    }

    private func drop(_ name: String, changedAt seconds: Int, _ bench: EngineFixture) throws {
        try bench.drop(name)
        let file = "\(bench.path)/inbox/default/\(name)"
        let date = Date(timeIntervalSince1970: Double(seconds))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
    }

    /// Runs an engine while `body` does, then cancels it.
    private func cutOff(_ setup: EngineFixture.Setup, _ bench: EngineFixture, _ body: () async throws -> Void)
        async throws
    {
        let running = try await bench.engine(setup)
        try await body()
        running.cancel()
        try await running.end()
    }

    private func ids(_ names: [String], _ bench: EngineFixture) -> [String] {
        names.compactMap { bench.observer.rows.value[$0]?.job }
    }

    @Test("Drops that waited start by age, then by name, and their ids have the same order")
    func waiting() async throws {
        try await EngineFixture.with { bench in
            let names = (0..<60).map { String(format: "f%02d.txt", ($0 * 37) % 60) }
            // Twenty times, each of three files.
            for (index, name) in names.enumerated() { try drop(name, changedAt: (index * 7) % 20, bench) }
            let wanted = names.enumerated().map { (time: ($0.offset * 7) % 20, name: $0.element) }
                .sorted { ($0.time, $0.name) < ($1.time, $1.name) }.map(\.name)
            try await bench.run(setup(bench)) { _ in await bench.observer.when(60, .done) }
            #expect(bench.log.names == wanted)
            let ids = ids(wanted, bench)
            #expect(ids == ids.sorted() && ids.count == 60)
        }
    }

    @Test("Drops to a running daemon start in the order in which they come")
    func arriving() async throws {
        try await EngineFixture.with { bench in
            let names = (0..<200).map { String(format: "f%03d.txt", ($0 * 77) % 200) }
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                for name in names { try bench.drop(name) }
                await bench.observer.when(200, .done)
            }
            #expect(bench.log.names == names)
            let ids = ids(names, bench)
            #expect(ids == ids.sorted())
        }
    }

    @Test("Drops that bring their ids along start in their order between the others")
    func ownIDs() async throws {
        try await EngineFixture.with { bench in
            var wanted: [String] = []
            for index in 0..<20 {
                let name = "\(20 - index).txt"
                // Ids from almost a day ago, or from a clock that is almost a day ahead.
                let time = bench.clock.wallClock.now + .seconds(index % 3 == 0 ? -80_000 : 80_000)
                let id = JobID(time: time, high: 0, low: UInt64(100 - index))
                try drop(index % 2 == 0 ? name : "\(id)-\(name)", changedAt: index, bench)
                wanted.append(name)
            }
            try await bench.run(setup(bench)) { _ in await bench.observer.when(20, .done) }
            #expect(bench.log.names == wanted)
        }
    }

    @Test("A job whose acceptance takes longer starts before a later one that was accepted sooner")
    func slowAcceptance() async throws {
        try await EngineFixture.with { bench in
            let release = bench.fileSystem.holds("a.txt")
            for name in ["a.txt", "b.txt"] { try bench.drop(name) }
            try await bench.run(setup(bench)) { _ in
                await bench.observer.when("b.txt", .waiting)
                release()
                await bench.observer.when(2, .done)
            }
            #expect(bench.log.names == ["a.txt", "b.txt"])
        }
    }

    @Test("A slow acceptance delays later jobs by no more than five seconds")
    func tooSlowAcceptance() async throws {
        try await EngineFixture.with { bench in
            let release = bench.fileSystem.holds("a.txt")
            for name in ["a.txt", "b.txt"] { try bench.drop(name) }
            try await bench.run(setup(bench)) { _ in
                await bench.observer.when("b.txt", .waiting)
                await bench.clock.whenSleeping(for: .seconds(5))
                #expect(bench.log.names == [])
                bench.clock.advance(by: .seconds(5))
                await bench.observer.when("b.txt", .done)
                release()
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("After a restart accepted jobs start first, then the drops that were not accepted")
    func restart() async throws {
        try await EngineFixture.with { bench in
            let names = (0..<80).map { String(format: "f%02d.txt", 79 - $0) }
            for (index, name) in names.enumerated() { try drop(name, changedAt: index, bench) }
            let gate = Gate()
            try await cutOff(setup(bench, gate: gate), bench) { await bench.log.whenBegun(1) }
            gate.open()
            try await bench.run(setup(bench, gate: gate)) { _ in await bench.observer.when(80, .done) }
            #expect(bench.log.names == names.prefix(1) + names)
        }
    }

    @Test("A drop that was taken and not accepted before a crash keeps its place", arguments: [false, true])
    func crash(isSubmitted: Bool) async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            for name in ["b.txt", "c.txt"] { try bench.drop(name) }
            try await cutOff(setup(bench, gate: gate), bench) { await bench.observer.when("c.txt", .waiting) }
            // What a crash leaves: a taken drop without a record. An id that it brought along does not decide its
            // place.
            let now = bench.clock.wallClock.now
            let turn = JobID(time: now + .seconds(-1), high: 0, low: 0)
            let id = isSubmitted ? JobID(time: now + .seconds(9), high: 0, low: 0) : turn
            let job = "\(bench.path)/processing/here/\(id)-a.txt"
            try FileManager.default.createDirectory(atPath: job, withIntermediateDirectories: false)
            let entry = isSubmitted ? "drop@default@\(turn)" : "drop@default"
            try Data("text".utf8).write(to: URL(fileURLWithPath: "\(job)/\(entry)"))
            // This drop waited before the daemon's start, and is the oldest.
            try drop("d.txt", changedAt: 0, bench)
            gate.open()
            try await bench.run(setup(bench, gate: gate)) { _ in await bench.observer.when(4, .done) }
            #expect(Array(bench.log.names.suffix(4)) == ["a.txt", "b.txt", "c.txt", "d.txt"])
            #expect(bench.observer.rows.value["a.txt"]?.job == id.text)
            #expect(try bench.problems() == [])
        }
    }

    @Test("Drops are taken one after another, so a crash leaves only later ones in the inbox")
    func takenInOrder() async throws {
        try await EngineFixture.with { bench in
            let names = (0..<30).map { String(format: "f%02d.txt", 29 - $0) }
            for (index, name) in names.enumerated() { try drop(name, changedAt: index, bench) }
            try await bench.run(setup(bench)) { _ in await bench.observer.when(30, .done) }
            #expect(bench.fileSystem.takenNames == names)
        }
    }

    @Test("Drops that must stay unchanged for a while start in their order, too")
    func settling() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            let names = (0..<20).map { "f\(99 - $0).txt" }
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                for name in names { try bench.drop(name) }
                // All of them, so that the clock is not advanced while a look is under way.
                while await engine.engine.inboxes.settlingCount < 20 { await Task.yield() }
                _ = await bench.clock.whenSleeping(forUpTo: .seconds(2))
                bench.clock.advance(by: .seconds(2))
                await bench.observer.when(20, .done)
            }
            #expect(bench.log.names == names)
            // One look before its event was read, one after it, and two when its time has come.
            #expect(bench.fileSystem.writerChecks.value <= 4 * names.count)
        }
    }

    @Test("Jobs with a start time or a retry delay no other job, and start when they are due")
    func deferred() async throws {
        try await EngineFixture.with { bench in
            var setup = setup(bench)
            setup.tools = [
                bench.tool("call") { invocation in
                    if invocation.arguments["name"] == "a.txt", invocation.attempt == 1 {
                        throw Failure(.temporary, "busy")
                    }
                    return 1
                }
            ]
            setup.settings.shortWaitMax = .seconds(1)
            for (index, name) in ["later.yaml", "a.txt", "b.txt"].enumerated() {
                try drop(name, changedAt: index, bench)
            }
            try "run_after: 60s\n".write(
                toFile: "\(bench.path)/inbox/default/later.yaml",
                atomically: false,
                encoding: .utf8
            )
            try await bench.run(setup) { _ in
                await bench.observer.when("b.txt", .done)
                await bench.observer.when(2, .deferred)
                bench.clock.advance(by: .seconds(30))
                await bench.observer.when("a.txt", .done)
                bench.clock.advance(by: .seconds(40))
                await bench.observer.when("later.yaml", .done)
            }
            #expect(bench.log.names == ["a.txt", "b.txt", "a.txt", "later.yaml"])
        }
    }

    @Test("A 0 that waited for more than ninety minutes starts before a 9", arguments: [89, 91], [false, true])
    func ageing(minutes: Int, isRestarted: Bool) async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let age = {
                try bench.drop("first.txt")
                await bench.log.whenBegun(1)
                try bench.drop("0.yaml", "priority: 0\n")
                await bench.observer.when("0.yaml", .waiting)
                bench.clock.advance(by: .seconds(60 * minutes))
                try bench.drop("9.yaml", "priority: 9\n")
                await bench.observer.when("9.yaml", .waiting)
            }
            if isRestarted { try await cutOff(setup(bench, gate: gate), bench, age) }
            try await bench.run(setup(bench, gate: gate)) { _ in
                if !isRestarted { try await age() }
                gate.open()
                await bench.observer.when(3, .done)
            }
            let order = bench.log.names.filter { $0 != "first.txt" }
            #expect(order == (minutes > 90 ? ["0.yaml", "9.yaml"] : ["9.yaml", "0.yaml"]))
        }
    }
}
