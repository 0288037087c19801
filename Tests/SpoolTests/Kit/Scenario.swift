import Documents
import Glibc
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

/// A part of a node's run, which a test cuts short at every call.
struct Scenario: Sendable, CustomTestStringConvertible {
    /// The records that the node reported; they must be true for ever.
    final class Told: Sendable {
        private let records = Mutex<[HistoryRecord]>([])
        var all: [HistoryRecord] { records.withLock { $0 } }
        func add(_ record: HistoryRecord) { records.withLock { $0.append(record) } }
    }

    var testDescription: String
    var text = "hello"
    var owner: UInt32 = 0
    /// Brings the job to the start of the scenario, on a disk that works.
    var prepare: @Sendable (SpoolNode, Drop, TestSpool) async throws -> OwnedJob? = { _, _, _ in nil }
    var run: @Sendable (SpoolNode, Drop, OwnedJob?, Told) async throws -> Void

    static let drop = Drop(queue: TestSpool.queue, name: Array("a.json".utf8))

    static let all = [
        accept, foreign, keyed, reject, carry, carryForeign, carryRejected, steps, finish, fail, postpone, hold, retry,
        release, cancel, due,
    ]

    static let accept = Scenario(testDescription: "accept") { node, drop, _, told in
        told.add(try await node.accepted(drop).1)
    }
    static let foreign = Scenario(testDescription: "accept a foreign drop", owner: 12_345, run: accept.run)
    static let keyed = Scenario(
        testDescription: "accept with a key",
        text: #"{"idempotency_key":"k"}"#,
        run: accept.run
    )
    static let reject = Scenario(testDescription: "reject", text: "bad") { node, drop, _, _ in
        _ = try await node.rejected(drop)
    }
    static let carry = carried("accept from another filesystem")
    static let carryForeign = carried("accept a foreign drop from another filesystem", owner: 12_345)
    static let carryRejected = Scenario(
        testDescription: "reject from another filesystem",
        text: "bad",
        prepare: carry.prepare,
        run: reject.run
    )

    /// A scenario with an inbox from which nothing can be renamed, from the first run to the last.
    private static func carried(_ name: String, owner: UInt32 = 0) -> Scenario {
        Scenario(
            testDescription: name,
            owner: owner,
            prepare: { _, _, spool in
                spool.separateInbox()
                return nil
            },
            run: accept.run
        )
    }

    static let steps = on("steps", [.step(.started("one")), .step(.completed("one")), .step(.started("two"))])
    static let finish = on("finish", [.step(.completed("one")), .completeNow])
    static let fail = on("fail", [.step(.started("one")), .failNow])
    static let postpone = on("defer", [.deferUntil(Timestamp(milliseconds: 1_795_490_000_000), reason: "later")])
    static let hold = on("hold", [.holdNow])
    static let retry = moved("retry", after: .failNow, .retry(.admin))
    static let release = moved("release", after: .holdNow, .release(Release(.admin)))
    static let cancel = moved("cancel", after: .holdNow, .cancel(.admin))
    static let due = Scenario(
        testDescription: "claim when due",
        prepare: { node, drop, spool in
            try await node.commit(.deferUntil(spool.clock.now, reason: "later"), on: node.accepted(drop).0)
            return nil
        },
        run: { node, _, _, told in
            let found = try #require(try node.spool.findJobs { _ in true }.first)
            let (until, name) = try #require(SpoolLayout.deferredName(found.entry).map { ($0.due, $0.job) })
            let (job, _) = try await node.claimDeferred(name, due: until).owned()
            told.add(try await node.commit(.step(.started("one")), on: job).0)
        }
    )

    private static func on(_ name: String, _ commands: [JobCommand]) -> Scenario {
        Scenario(
            testDescription: name,
            prepare: { node, drop, _ in try await node.accepted(drop).0 },
            run: { node, _, job, told in
                for command in commands { told.add(try await node.commit(command, on: #require(job)).0) }
            }
        )
    }

    private static func moved(_ name: String, after first: JobCommand, _ command: JobCommand) -> Scenario {
        Scenario(
            testDescription: name,
            prepare: { node, drop, _ in
                try await node.commit(first, on: node.accepted(drop).0)
                return nil
            },
            run: { node, _, _, told in
                let found = try #require(try node.spool.findJobs { _ in true }.first)
                let adopted = try await node.adopt(found.job, from: found.directory, named: found.entry)
                told.add(try await node.commit(command, on: #require(adopted).0).0)
            }
        )
    }

    // MARK: Runs

    /// Runs the scenario up to the fault; `isOver` when it ended without meeting the fault.
    func live(in spool: TestSpool, until fault: FaultyFileSystem.Fault) async throws -> (told: Told, isOver: Bool) {
        let node = try await spool.node()
        try spool.drop("a.json", text)
        if owner != 0 { try #require(lchown(spool.inbox("a.json"), owner, owner) == 0) }
        let job = try await prepare(node, Self.drop, spool)
        let told = Told()
        spool.fileSystem.arm(fault)
        do { try await run(node, Self.drop, job, told) } catch {
            if !spool.fileSystem.hasStruck { throw error }
        }
        spool.fileSystem.disarm()
        return (told, !spool.fileSystem.hasStruck)
    }
}
