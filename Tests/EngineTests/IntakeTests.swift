import Dispatch
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
struct IntakeTests {
    private static let yaml = """
        steps: [{id: call, tool: call, arguments: {name: "{{job.name}}", text: "{{input.text}}"}}]
        """

    private func setup(_ bench: Bench) -> Bench.Setup {
        Bench.Setup(yaml: Self.yaml, tools: [bench.tool("call") { _ in 1 }])
    }

    private func open(_ name: String, _ bench: Bench) throws -> FileDescriptor {
        try FileDescriptor.open(
            FilePath("\(bench.path)/inbox/default/\(name)"),
            .writeOnly,
            options: .create,
            permissions: [.ownerReadWrite]
        )
    }

    @Test("gives a file that is still written only after its writer has closed it, and whole")
    func halfWritten() async throws {
        try await Bench.with { bench in
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

    @Test("loses no writer that ends between the look at his file and what follows from it")
    func lateAnswer() async throws {
        try await Bench.with { bench in
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
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                let file = try open("a.txt", bench)
                await isAsked.wait { $0 }
                try file.close()
                // Its inbox is read for this one, and the first is gone by: it is being accepted.
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                mayAnswer.signal()
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("without leases gives each file when it has looked the same for the settling time")
    func settling() async throws {
        try await Bench.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            try await bench.run(setup(bench)) { _ in
                try bench.drop("a.txt")
                await bench.clock.whenSleeping(for: .seconds(2))
                bench.clock.advance(by: .seconds(1))
                try bench.drop("b.txt")
                await bench.fileSystem.writerChecks.wait { $0 == 2 }
                bench.clock.advance(by: .seconds(1))
                await bench.observer.when("a.txt", .done)
                // Two when the clock was turned before the look was dated.
                let left = await bench.clock.whenSleeping(forUpTo: .seconds(2))
                #expect(try bench.place(of: "b.txt") == nil)
                bench.clock.advance(by: left)
                await bench.observer.when("b.txt", .done)
            }
        }
    }

    @Test("is empty for a drain when a file that had to settle was taken away")
    func settlingGone() async throws {
        try await Bench.with { bench in
            bench.fileSystem.answersLeases { () throws(Errno) in throw .permissionDenied }
            var setup = setup(bench)
            setup.settings.drains = true
            try bench.drop("a.txt")
            let running = try await bench.engine(setup)
            await bench.clock.whenSleeping(for: .seconds(2))
            unlink("\(bench.path)/inbox/default/a.txt")
            bench.clock.advance(by: .seconds(2))
            try await running.end()
        }
    }

    @Test("rests while the disk is full, keeps its drops, and goes on by itself")
    func fullDisk() async throws {
        try await Bench.with { bench in
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

    @Test("is not read more often than the scan when nothing happens")
    func idle() async throws {
        try await Bench.with { bench in
            try await bench.run(setup(bench)) { engine in
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
                await bench.clock.whenSleeping(for: .seconds(60))
                await bench.clock.whenSleeping(for: .seconds(15))
                #expect(bench.clock.sleeping == [.seconds(15), .seconds(60)])
            }
        }
    }
}
