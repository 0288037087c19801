import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("The open files of a job")
struct OpenJobsTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private let job: OwnedJob
    private var history: String { "processing/a/\(job.name)/history.jsonl" }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
        job = try await node.accepted(spool.drop("a.json")).0
    }

    private func untilClosed() async { while node.openJobs.count > 0 { await Task.yield() } }

    /// Whether this process has the job's directory open, or a file in it.
    private func isOpen() throws -> Bool {
        let directory = spool.absolute("processing/a/\(job.name)")
        return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").contains { descriptor in
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
            return link?.hasPrefix(directory) ?? false
        }
    }

    @Test("A job's files are closed while it waits, and opened again when it goes on")
    func waiting() async throws {
        _ = try await node.note(.started("one"), on: job)
        await untilClosed()
        // The last thread that worked on them may still hold them.
        while try isOpen() { await Task.yield() }
        try await node.commit(.completeNow, on: job)
        #expect(try spool.problems() == [])
        #expect(node.openJobs.count == 0)
    }

    @Test("A job's files are synced before they are closed: only their holder learns of a later write error")
    func synced() async throws {
        await untilClosed()
        spool.fileSystem.forgetCalls()
        _ = try await node.note(.started("one"), on: job)
        #expect(spool.fileSystem.calls == ["write \(history)"])
        await untilClosed()
        #expect(spool.fileSystem.calls == ["write \(history)", "sync data \(history)"])
    }

    @Test("A job's files stay open when they cannot be synced, and the next commit fails")
    func unsynced() async throws {
        await untilClosed()
        spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .ioError } }
        _ = try await node.note(.started("one"), on: job)
        while node.durability.failure == nil { await Task.yield() }
        #expect(node.openJobs.count == 1)
        await #expect(throws: SyncFailure.self) { try await node.commit(.completeNow, on: job) }
    }

    @Test("A history that another process has replaced is not written to")
    func replaced() async throws {
        await untilClosed()
        let text = try #require(spool.text(history))
        try FileManager.default.removeItem(atPath: spool.absolute(history))
        try Data(text.utf8).write(to: URL(fileURLWithPath: spool.absolute(history)))
        let longer = text + "\n"
        try Data(longer.utf8).write(to: URL(fileURLWithPath: spool.absolute(history)))
        let error = await #expect(throws: SpoolError.self) { try await node.commit(.completeNow, on: job) }
        #expect(error?.cause == .staleNFSFileHandle)
        #expect(spool.text(history) == longer)
    }

    @Test("Two steps may open a job's files at once, and one may write before the other has them open")
    func together() async throws {
        await untilClosed()
        let opened = Mutex(0)
        let (bothOpen, hasWritten) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        spool.fileSystem.beforeAppendingAgain {
            let number = opened.withLock { opened in
                opened += 1
                return opened
            }
            if number == 1 { bothOpen.wait() }
            if number == 2 {
                bothOpen.signal()
                hasWritten.wait()
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for step in ["one", "two"] { group.addTask { _ = try await node.note(.started(step), on: job) } }
            try await group.next()
            hasWritten.signal()
            try await group.waitForAll()
        }
        try await node.commit(.completeNow, on: job)
        #expect(try spool.problems() == [])
    }

    @Test("A job that the administrator moved away is looked for nowhere else, and not made anew")
    func moved() async throws {
        await untilClosed()
        let aside = spool.absolute("tmp/aside")
        try FileManager.default.moveItem(atPath: spool.absolute("processing/a/\(job.name)"), toPath: aside)
        let error = await #expect(throws: SpoolError.self) { try await node.commit(.completeNow, on: job) }
        #expect(error?.cause == .noSuchFileOrDirectory)
        #expect(spool.tree("processing/a") == [])
        try FileManager.default.moveItem(atPath: aside, toPath: spool.absolute("processing/a/\(job.name)"))
        try await node.commit(.completeNow, on: job)
        #expect(try spool.problems() == [])
    }

    @Test("A bounded number of jobs has open files, however many jobs arrive, run and wait")
    func bounded() async throws {
        let node = try await spool.node("b", openJobsMax: 8)
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                let drop = try spool.drop("\(number).txt")
                group.addTask {
                    let (job, _) = try await node.accepted(drop)
                    _ = try await node.note(.started("one"), on: job)
                    let count = node.openJobs.count
                    try await node.commit(.completeNow, on: job)
                    return count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.count == 100 && counts.allSatisfy { $0 <= 8 })
        await #expect(untilNoneIsOpen(node))
        #expect(try spool.problems() == [])
    }

    @Test("A bounded number of drops is taken at a time, and the next one stays in its inbox")
    func taken() async throws {
        let node = try await spool.node("b", openJobsMax: 8)
        func take(_ name: String) async throws -> SpoolNode.TakenDrop {
            try await node.take(spool.drop(name), .lenient(), look: nil, turn: node.nextTurn())
        }
        let (deferred, _) = try await node.accepted(spool.drop("due.txt"))
        let due = spool.clock.now + .seconds(60)
        try await node.commit(.deferUntil(due, reason: "later"), on: deferred)
        // Three eighths of all the room, and none for a drop that is gone.
        var taken: [SpoolNode.TakenDrop] = []
        for number in 0..<3 { taken.append(try await take("\(number).txt")) }
        _ = try await node.accept(taken[0], Drop(queue: TestSpool.queue, name: Array("0.txt".utf8)), .lenient())
        let gone = Drop(queue: TestSpool.queue, name: Array("none".utf8))
        _ = try await node.take(gone, .lenient(), look: nil, turn: node.nextTurn())
        taken.append(try await take("3.txt"))

        let drop = try spool.drop("4.txt")
        let next = Task { try await node.take(drop, .lenient(), look: nil, turn: node.nextTurn()) }
        while node.openJobs.waiting < 1 { await Task.yield() }
        #expect(spool.text("inbox/default/4.txt") != nil)
        // The engine's loop does not wait for drops, which may be long.
        _ = try await node.claimDeferred(deferred.name, due: due).owned()
        // One that is lost on the way gives its room back, too.
        taken.removeLast()
        guard case .accepted = try await node.accept(next.value, drop, .lenient()) else {
            throw Unexpected("not accepted")
        }
        #expect(spool.text("inbox/default/4.txt") == nil)
    }

    private func untilNoneIsOpen(_ node: SpoolNode) async -> Bool {
        while node.openJobs.count > 0 { await Task.yield() }
        return true
    }
}
