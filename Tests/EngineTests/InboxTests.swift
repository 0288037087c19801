import Dispatch
import Documents
import Glibc
import Jobs
import Spool
import Synchronization
import SystemPackage
import TestKit
import Testing
import Tools

@testable import Engine

@Suite("An inbox", .timeLimit(.minutes(1)))
struct InboxTests {
    private static let yaml = """
        steps: [{id: call, tool: call, arguments: {name: "{{job.name}}", text: "{{input.text}}"}}]
        """

    private func setup(_ bench: EngineFixture) -> EngineFixture.Setup {
        EngineFixture.Setup(yaml: Self.yaml, tools: [bench.tool("call") { _ in 1 }])
    }

    private func open(_ name: String, _ bench: EngineFixture) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath("\(bench.path)/inbox/default/\(name)"),
            .writeOnly,
            options: .create,
            permissions: [.ownerReadWrite]
        )
    }

    @Test("A drop that is open for writing is taken only after its writer has closed it, and complete")
    func halfWritten() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                let file = try open("a.txt", bench)
                try file.writeAll("first ".utf8)
                await bench.fileSystem.writerChecks.wait { $0 > 0 }
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                #expect(bench.entries("inbox/default") == ["a.txt"])
                try file.writeAll("second".utf8)
                try file.close()
                await bench.observer.when("a.txt", .done)
            }
            #expect(bench.log.begun.last?.arguments["text"] == "first second")
        }
    }

    @Test("A writer that closes its file while the daemon checks for writers is not missed")
    func lateAnswer() async throws {
        try await EngineFixture.with { bench in
            let (isAsked, mayAnswer) = (Watched(false), DispatchSemaphore(value: 0))
            let isFirst = Mutex(true)
            bench.fileSystem.answersLeases { () throws(Errno) in
                let mustWait = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                guard mustWait else { return true }
                isAsked.update { $0 = true }
                mayAnswer.wait()
                return false
            }
            var setup = setup(bench)
            setup.queues.append(QueueSettings(name: "other", workflow: "work"))
            try await bench.run(setup) { engine in
                await engine.whenReady()
                let file = try open("a.txt", bench)
                try file.writeAll("text".utf8)
                await isAsked.wait { $0 }
                try file.close()
                // The inbox is scanned for this drop, and the scan passes the first one, which is being taken.
                try bench.drop("b.txt")
                // A later drop in another inbox is done: so this inbox was scanned.
                try bench.drop("c.txt", in: "other")
                await bench.observer.when("c.txt", .done)
                mayAnswer.signal()
                await bench.observer.when("a.txt", .done)
                await bench.observer.when("b.txt", .done)
            }
        }
    }

    @Test("Without leases a drop is taken when it has stayed unchanged for the settling time")
    func settling() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(2))
                bench.clock.advance(by: .seconds(1))
                try bench.drop("b.txt")
                await bench.fileSystem.writerChecks.wait { $0 == 2 }
                bench.clock.advance(by: .seconds(1))
                await bench.observer.when("a.txt", .done)
                // Two seconds when the clock was turned before the look got its time.
                let left = await bench.clock.whenSleeping(forUpTo: .seconds(2))
                #expect(try bench.place(of: "b.txt") == nil)
                bench.clock.advance(by: left)
                await bench.observer.when("b.txt", .done)
            }
        }
    }

    @Test("A drain ends when a drop that had to settle is removed")
    func settlingGone() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            var setup = setup(bench)
            setup.settings.drains = true
            try bench.drop("a.txt")
            let running = try await bench.engine(setup)
            // Nothing is known of the writer of a file that was there before the daemon.
            await bench.clock.whenSleeping(for: .seconds(10))
            unlink("\(bench.path)/inbox/default/a.txt")
            bench.clock.advance(by: .seconds(10))
            try await running.end()
        }
    }

    @Test("Drops stay in the inbox while the disk is full, and are taken by themselves after that")
    func fullDisk() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                bench.fileSystem.breaks(with: .fullDisk)
                try bench.drop("a.txt", "precious")
                // Long enough for a heartbeat to fail as well.
                for _ in 1...4 {
                    await bench.clock.whenSleeping(for: .seconds(5))
                    #expect(bench.entries("inbox/default") == ["a.txt"])
                    bench.clock.advance(by: .seconds(5))
                }
                await bench.clock.whenSleeping(for: .seconds(5))
                bench.fileSystem.breaks(with: nil)
                bench.clock.advance(by: .seconds(5))
                await bench.observer.when("a.txt", .done)
            }
            #expect(try bench.problems() == [])
        }
    }

    @Test("An inbox is read no more often than the scan when nothing happens")
    func idle() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
                await bench.clock.whenSleeping(for: .seconds(60))
                await bench.clock.whenSleeping(for: .seconds(15))
                #expect(bench.clock.sleeping == [.seconds(15), .seconds(60)])
            }
        }
    }

    @Test("With a settle time a file that its writer opens again for each page becomes one job")
    func pages() async throws {
        try await EngineFixture.with { bench in
            var setup = setup(bench)
            setup.queues[0].settle = .seconds(10)
            try await bench.run(setup) { engine in
                await engine.whenReady()
                var file = try open("a.txt", bench)
                try file.writeAll("page 1".utf8)
                try file.close()
                await bench.clock.whenSleeping(for: .seconds(10))
                bench.clock.advance(by: .seconds(3))
                file = try FileDescriptor.open("\(bench.path)/inbox/default/a.txt", .writeOnly, options: .append)
                try file.writeAll(", page 2".utf8)
                try file.close()
                bench.clock.advance(by: .seconds(7))
                // The file was changed by another clock than the one that the test turns: the settle time counts from
                // this look.
                await bench.clock.whenSleeping(for: .seconds(10))
                #expect(try bench.place(of: "a.txt") == nil)
                bench.clock.advance(by: .seconds(10))
                await bench.observer.when("a.txt", .done)
            }
            #expect(bench.log.begun.map { $0.arguments["text"] } == ["page 1, page 2"])
        }
    }

    @Test("Without leases a new drop is taken only after its writer was seen to close it")
    func seenClosed() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                let file = try open("a.txt", bench)
                try file.writeAll("first ".utf8)
                await bench.fileSystem.writerChecks.wait { $0 > 0 }
                // The writer stalls for much longer than the time between two looks.
                bench.clock.advance(by: .seconds(50))
                #expect(bench.entries("inbox/default") == ["a.txt"])
                try file.writeAll("second".utf8)
                try file.close()
                await bench.clock.whenSleeping(for: .seconds(2))
                bench.clock.advance(by: .seconds(2))
                await bench.observer.when("a.txt", .done)
            }
            #expect(bench.log.begun.map { $0.arguments["text"] } == ["first second"])
        }
    }

    @Test("A drain that leaves a drop that cannot be moved ends with an error")
    func drainLeaves() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.makesImmovable(["fixed.txt"])
            var setup = setup(bench)
            setup.settings.drains = true
            for name in ["fixed.txt", "good.txt"] { try bench.drop(name) }
            let running = try await bench.engine(setup)
            await #expect(throws: IncompleteDrain(count: 1)) { try await running.end() }
            #expect(bench.entries("inbox/default") == ["fixed.txt"])
            #expect(bench.log.names == ["good.txt"])
        }
    }

    @Test("Only drops with names that the queue accepts are taken")
    func names() async throws {
        try await EngineFixture.with { bench in
            var setup = setup(bench)
            setup.queues[0].names = NameRules(ignore: [try NamePattern("b*")], accept: [try NamePattern("*.pdf")])
            setup.settings.drains = true
            for name in ["a.PDF", "b.pdf", "c.txt", "d.pdf.part", "01M83PKN3X4W1E2J6V9ZACH0E5-e.txt"] {
                try bench.drop(name)
            }
            try await bench.engine(setup).end()
            #expect(Set(bench.log.names) == ["a.PDF", "e.txt"])
            #expect(bench.entries("inbox/default").sorted() == ["b.pdf", "c.txt", "d.pdf.part"])
        }
    }
}
