import Documents
import Glibc
import Jobs
import Spool
import SystemPackage
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("Recovery after a failure", .timeLimit(.minutes(1)))
struct RecoveryTests {
    /// Leaves the job `a.txt` with a node that ended in the middle of its step.
    private func leaveJob(of node: String, _ bench: EngineFixture, _ gate: Gate) async throws -> EngineFixture.Setup {
        let tool = bench.tool("call") { _ in
            try await gate.pass()
            return 1
        }
        var setup = EngineFixture.Setup(node: node, tools: [tool])
        setup.settings.concurrency = 1
        let running = try await bench.engine(setup)
        try bench.drop("a.txt")
        await bench.log.whenBegun(1)
        running.cancel()
        try await running.end()
        #expect(try bench.place(of: "a.txt") == "processing/\(node)")
        return setup
    }

    @Test("The jobs of the node's previous run are taken over before new drops are")
    func formerLife() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let setup = try await leaveJob(of: "here", bench, gate)
            // So that the id of b.txt is the later one.
            bench.clock.advance(by: .seconds(1))
            try bench.drop("b.txt")
            gate.open()
            try await bench.run(setup) { engine in
                await engine.whenReady()
                let history = try bench.history(of: "a.txt")
                #expect(history.contains("claimed"))
                await bench.observer.when(2, .done)
            }
            #expect(bench.log.names == ["a.txt", "a.txt", "b.txt"])
        }
    }

    @Test("A dead node's jobs are taken over at start")
    func deadNode() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            var setup = try await leaveJob(of: "other", bench, gate)
            gate.open()
            setup.node = "here"
            try await bench.run(setup) { _ in await bench.observer.when("a.txt", .done) }
            #expect(try bench.problems() == [])
        }
    }

    @Test("A node's jobs are taken over when its lock is free, and not before")
    func nodeThatDies() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            var setup = try await leaveJob(of: "other", bench, gate)
            gate.open()
            setup.node = "here"
            var lock: NodeLock? = try await bench.takeLock(of: "other")
            try await bench.run(setup) { engine in
                await engine.whenReady()
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                #expect(try bench.place(of: "a.txt") == "processing/other")
                withExtendedLifetime(lock) {}
                lock = nil
                await bench.clock.whenSleeping(for: .seconds(60))
                bench.clock.advance(by: .seconds(60))
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("After a failed fsync run() throws and claims nothing, and the next start continues from the disk")
    func syncFailure() async throws {
        try await EngineFixture.with { bench in
            var setup = EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])
            setup.durability = .files
            await #expect(throws: SyncFailure.self) {
                let running = try await bench.engine(setup)
                await running.whenReady()
                bench.fileSystem.breaks(with: .noFlush)
                try bench.drop("a.txt")
                try await running.end()
            }
            #expect(bench.observer.mayLackRecords.value, "a record may be on disk that the index has not seen")
            try bench.drop("b.txt")
            #expect(bench.log.begun == [])
            #expect(bench.entries("inbox/default") == ["b.txt"])
            bench.fileSystem.breaks(with: nil)
            try await bench.run(setup) { _ in await bench.observer.when(2, .done) }
            #expect(try bench.problems() == [])
        }
    }

    @Test("A job that a disk failure interrupted is resumed soon after the disk works again")
    func strandedJob() async throws {
        try await EngineFixture.with { bench in
            let tool = bench.tool("call") { invocation in
                if invocation.attempt == 1 { bench.fileSystem.breaks(with: .fullDisk) }
                return 1
            }
            try await bench.run(EngineFixture.Setup(tools: [tool])) { _ in
                try bench.drop("a.txt")
                await bench.messages.when("the job is tried again later")
                bench.fileSystem.breaks(with: nil)
                await bench.clock.whenSleeping(for: RetryBackoff.pause)
                bench.clock.advance(by: RetryBackoff.pause)
                await bench.observer.when("a.txt", .done)
            }
            #expect(try bench.problems() == [])
        }
    }

    @Test("A due job whose claim a disk failure interrupted is not lost")
    func halfClaimed() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { _ in
                try bench.drop("a.json", #"{"run_after": "30s"}"#)
                await bench.clock.whenSleeping(for: .seconds(30))
                bench.fileSystem.breaks(with: FailingFileSystem.Fault(error: .noSpace, calls: [.write]))
                bench.clock.advance(by: .seconds(30))
                await bench.messages.when("nothing deferred is claimed for a while")
                #expect(try bench.place(of: "a.json") == "processing/here")
                bench.fileSystem.breaks(with: nil)
                await bench.clock.whenSleeping(for: RetryBackoff.pause)
                bench.clock.advance(by: RetryBackoff.pause)
                await bench.observer.when("a.json", .done)
            }
            #expect(try bench.problems() == [])
        }
    }

    @Test("A drop that could be neither accepted nor put back is put back later")
    func halfAccepted() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(EngineFixture.Setup(tools: [bench.tool("call") { _ in 1 }])) { engine in
                await engine.whenReady()
                // The disk fails from the moment at which the drop is in the job's directory.
                bench.fileSystem.answersLeases { [isFirst = Watched(true)] () throws(Errno) in
                    if !isFirst.value {
                        bench.fileSystem.breaks(
                            with: FailingFileSystem.Fault(error: .ioError, calls: [.write, .rename])
                        )
                    }
                    isFirst.update { $0 = false }
                    return true
                }
                try bench.drop("a.txt")
                await bench.messages.when("nothing is taken until it works again")
                #expect(bench.entries("inbox/default") == [])
                bench.fileSystem.answersLeases(nil)
                bench.fileSystem.breaks(with: nil)
                await bench.clock.whenSleeping(for: RetryBackoff.pause)
                bench.clock.advance(by: RetryBackoff.pause)
                await bench.observer.rows.wait { $0.count(.done) == 1 }
            }
            #expect(try bench.problems() == [])
        }
    }

    @Test("A job whose drop is missing fails, and is not resumed for ever")
    func missingDrop() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let setup = try await leaveJob(of: "here", bench, gate)
            gate.open()
            let job = try #require(bench.entries("processing/here").first)
            unlink("\(bench.path)/processing/here/\(job)/job.txt")
            try await bench.run(setup) { _ in await bench.observer.when("a.txt", .failed) }
            #expect(bench.observer.rows.value["a.txt"]?.reason?.contains("the drop is missing") == true)
        }
    }

    @Test("When one job cannot be taken over the others are, and the node starts")
    func brokenJob() async throws {
        try await EngineFixture.with { bench in
            let gate = Gate()
            let setup = try await leaveJob(of: "here", bench, gate)
            gate.open()
            let location = try #require(bench.spool.findJobs { $0.drop == "a.txt" }.first)
            let history = String(
                decoding: try bench.spool.contents(of: "history.jsonl", in: location) ?? [],
                as: UTF8.self
            )
            let broken = "\(bench.path)/processing/here/01JD0000000000000000000000-broken.txt"
            mkdir(broken, 0o700)
            try write(history.replacing("\"epoch\":1", with: "\"epoch\":2"), to: "\(broken)/history.jsonl")
            mkdir("\(bench.path)/processing/here/junk", 0o700)
            try await bench.run(setup) { _ in await bench.observer.when("a.txt", .done) }
            #expect(bench.entries("processing/here").count == 2)
        }
    }
}
