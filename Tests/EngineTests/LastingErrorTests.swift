import Documents
import Foundation
import Glibc
import Jobs
import Spool
import TestKit
import Testing

@testable import Engine

@Suite("Lasting errors", .timeLimit(.minutes(1)))
struct LastingErrorTests {
    private func setup(_ bench: EngineFixture, queues: [String] = ["default"]) -> EngineFixture.Setup {
        EngineFixture.Setup(
            tools: [bench.tool("call") { _ in 1 }],
            queues: queues.map { QueueSettings(name: $0, workflow: "work") }
        )
    }

    private func wait(_ bench: EngineFixture, for duration: Duration) async {
        await bench.clock.whenSleeping(for: duration)
        bench.clock.advance(by: duration)
    }

    @Test("A drop that cannot be moved is logged once, and the others of its queue are taken")
    func immovable() async throws {
        try await EngineFixture.with { bench in
            bench.fileSystem.makesImmovable(["fixed.txt"])
            try bench.drop("fixed.txt")
            try await bench.run(setup(bench)) { _ in
                await bench.messages.when("taking fixed.txt from inbox/default/ failed")
                for name in ["a.txt", "b.txt"] {
                    try bench.drop(name)
                    await bench.observer.when(name, .done)
                }
                await wait(bench, for: .seconds(60))
                try bench.drop("c.txt")
                await bench.observer.when("c.txt", .done)
                #expect(bench.messages.count(of: "fixed.txt") == 1)
                #expect(bench.entries("inbox/default") == ["fixed.txt"])
                bench.fileSystem.makesImmovable([])
                await wait(bench, for: .seconds(60))
                await bench.observer.when("fixed.txt", .done)
            }
        }
    }

    @Test("Of many drops that cannot be moved only a few are logged")
    func manyImmovable() async throws {
        try await EngineFixture.with { bench in
            let names = (0..<20).map { "fixed-\($0).txt" }
            bench.fileSystem.makesImmovable(names)
            for name in names { try bench.drop(name) }
            try await bench.run(setup(bench)) { _ in
                await bench.messages.when("more such drops are not logged")
                try bench.drop("good.txt")
                await bench.observer.when("good.txt", .done)
                #expect(bench.messages.count(of: "taking fixed-") == 4)
            }
        }
    }

    @Test("A full disk is logged once as it begins and once as it ends")
    func fullDisk() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                bench.fileSystem.breaks(with: .fullDisk)
                try bench.drop("a.txt")
                await bench.messages.when("nothing is taken until it works again")
                for _ in 0..<4 { await wait(bench, for: RetryBackoff.pause) }
                bench.fileSystem.breaks(with: nil)
                bench.clock.advance(by: .seconds(60))
                await bench.observer.when("a.txt", .done)
                await bench.messages.when("drops are taken again")
                #expect(bench.messages.count(of: "nothing is taken") == 1)
            }
        }
    }

    @Test("The error of a missing inbox ends as soon as the inbox is made again")
    func removedInbox() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench, queues: ["default", "other"])) { engine in
                await engine.whenReady()
                #expect(rmdir("\(bench.path)/inbox/default") == 0)
                await bench.messages.when("reading inbox/default/ failed")
                try bench.drop("b.txt", in: "other")
                await bench.observer.when("b.txt", .done)
                #expect(mkdir("\(bench.path)/inbox/default", 0o755) == 0)
                await bench.messages.when("drops are taken again")
                // The inbox is watched again, too: no clock is turned.
                try bench.drop("a.txt")
                await bench.observer.when("a.txt", .done)
                #expect(bench.messages.count(of: "inbox/default") == 1)
            }
        }
    }

    @Test("Removed directories are made again, without an error")
    func removedPlaces() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                for place in ["done", "failed", "held", "deferred", "keys", "processing/here", "processing"] {
                    try FileManager.default.removeItem(atPath: "\(bench.path)/\(place)")
                    let name = place.replacing("/", with: "-")
                    try bench.drop("\(name).json", #"{"run_after": "1s", "idempotency_key": "\#(name)"}"#)
                    await bench.observer.when("\(name).json", .deferred)
                    bench.clock.advance(by: .seconds(2))
                    await bench.observer.when("\(name).json", .done)
                }
                #expect(bench.messages.count(of: "failed") == 0)
            }
        }
    }

    @Test("A missing control/ is logged and made again")
    func removedControl() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                try FileManager.default.removeItem(atPath: "\(bench.path)/control")
                await bench.messages.when("control/ was gone, and is made again")
                try bench.drop("a.json", #"{"run_after": "1h"}"#)
                await bench.observer.when("a.json", .deferred)
                try bench.request(.cancel, bench.ids("a.json"))
                await bench.observer.when("a.json", .failed)
            }
        }
    }

    @Test("An entry in control/ that is no request and cannot be removed is logged once")
    func strangeRequest() async throws {
        try await EngineFixture.with { bench in
            try FileManager.default.createDirectory(
                atPath: "\(bench.path)/control/a.json",
                withIntermediateDirectories: false
            )
            try await bench.run(setup(bench)) { _ in
                await bench.messages.when("control/a.json is no request")
                for name in ["a.json", "b.json"] {
                    try bench.drop(name, #"{"run_after": "1h"}"#)
                    await bench.observer.when(name, .deferred)
                    try bench.request(.cancel, bench.ids(name))
                    await bench.observer.when(name, .failed)
                }
                #expect(bench.messages.count(of: "is no request") == 1)
            }
        }
    }

    @Test("A forged job is logged once, and a request about it is settled")
    func forgedJob() async throws {
        try await EngineFixture.with { bench in
            try await bench.run(setup(bench)) { _ in
                try bench.drop("a.json", #"{"run_after": "1h"}"#)
                await bench.observer.when("a.json", .deferred)
                let location = try #require(bench.spool.findJobs { $0.drop == "a.json" }.first)
                #expect(link("\(bench.path)/\(location.path)/history.jsonl", "\(bench.path)/tmp/other") == 0)
                try bench.request(.cancel, bench.ids("a.json"))
                await bench.messages.when("request settled")
                try bench.drop("b.txt")
                await bench.observer.when("b.txt", .done)
                #expect(bench.messages.count(of: "hard links; copy it instead; it is left where it is") == 1)
                #expect(try bench.place(of: "a.json") == "deferred")
            }
        }
    }

    @Test("The jobs of a node without a lock file are taken over after some heartbeats")
    func nodeWithoutLock() async throws {
        try await EngineFixture.with { bench in
            let dead = try bench.node("dead")
            try await dead.prepare(queues: [])
            try bench.drop("a.txt")
            let definition = try bench.workflow(EngineFixture.oneStep, [bench.tool("call") { _ in 1 }]).definition
            let rules = DropRules(sizeMax: 1 << 20, quiet: StabilityTimes(untold: .zero), isTaken: { _ in false }) {
                contents in
                Acceptance(
                    name: contents.name,
                    file: "job.txt",
                    kind: .file,
                    size: contents.size,
                    sha256: contents.sha256,
                    ownerUID: contents.ownerUID,
                    owner: "",
                    queue: "default",
                    workflow: "work",
                    definition: definition
                )
            }
            _ = try await dead.accept(Drop(queue: "default", name: Array("a.txt".utf8)), rules, look: nil)
            try await bench.run(setup(bench)) { engine in
                await engine.whenReady()
                for _ in 0..<4 { await wait(bench, for: .seconds(15)) }
                let place = try bench.place(of: "a.txt")
                #expect(place == "processing/dead")
                for _ in 0..<5 { await wait(bench, for: .seconds(15)) }
                await bench.observer.when("a.txt", .done)
            }
        }
    }

    @Test("A node stops when its lock file is removed")
    func lostLock() async throws {
        try await EngineFixture.with { bench in
            let running = try await bench.engine(setup(bench))
            await running.whenReady()
            #expect(unlink("\(bench.path)/nodes/here") == 0)
            await wait(bench, for: .seconds(15))
            await #expect(throws: NodeLock.Lost.self) { try await running.end() }
        }
    }
}
