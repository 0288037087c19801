import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("What a spool reports")
struct WaitingDropTests {
    @Test("Waiting drops are counted beyond the limit, and without temporary names")
    func waiting() throws {
        let spool = try TestSpool()
        for name in ["a", "b", "c", ".hidden", "d.tmp", "e~"] { try spool.drop(name) }
        #expect(lchown(spool.inbox("a"), 12_345, 12_345) == 0)
        let (drops, count) = try spool.root().waitingDrops(of: TestSpool.queue, limit: 2)
        #expect(drops.count == 2)
        #expect(count == 3)
        let all = try spool.root().waitingDrops(of: TestSpool.queue, limit: 10).drops
        #expect(Set(all.map(\.drop.shownName)) == ["a", "b", "c"])
        #expect(all.first { $0.drop.shownName == "a" }?.uid == 12_345)
        #expect(try spool.root().waitingDrops(of: "none", limit: 1).count == 0)
    }

    @Test("Inboxes are listed in order, and no other directories")
    func inboxes() throws {
        let spool = try TestSpool()
        for name in ["z", "b", ".git", "a b"] {
            try FileManager.default.createDirectory(
                atPath: spool.absolute("inbox/\(name)"),
                withIntermediateDirectories: false
            )
        }
        #expect(try spool.root().inboxes() == ["b", "default", "z"])
    }

    @Test("Jobs are found wherever they lie, and one that is gone has no contents")
    func jobs() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        let commands: [JobCommand?] = [
            nil, .holdNow, .completeNow, .failNow, .deferUntil(spool.clock.now, reason: "r"),
        ]
        for (index, command) in commands.enumerated() {
            let job = try await node.accepted(spool.drop("\(index).json")).0
            if let command { try await node.commit(command, on: job) }
        }
        let root = try spool.root()
        let found = try root.findJobs { _ in true }
        #expect(
            Set(found.map { $0.directory.prefix { $0 != "/" } }) == [
                "processing", "held", "done", "failed", "deferred",
            ]
        )
        #expect(found.count == 5)
        // A reader may see a moving job in two places; the other jobs must still be found.
        let moving = try #require(found.first { $0.directory.hasPrefix("processing/") })
        try FileManager.default.createDirectory(
            atPath: spool.absolute("held/\(moving.entry)"),
            withIntermediateDirectories: false
        )
        #expect(try root.findJobs(Set(found.map(\.job.id))).count == 5)
        #expect(try root.findJobs([moving.job.id]).count == 1)
        #expect(try root.findJobs([spool.identifiers.next()]) == [:])
        #expect(rmdir(spool.absolute("held/\(moving.entry)")) == 0)
        for location in found {
            let history = try #require(try root.history(of: location))
            #expect(location.fits(JobReplay(name: location.job, records: history.records).life))
        }
        let gone = JobLocation(job: found[0].job, directory: "held", entry: "nothing")
        #expect(try root.history(of: gone) == nil)
        #expect(try root.contents(of: "result.json", in: gone) == nil)
        #expect(try root.jobs(in: "done/1999-01-01").isEmpty)
    }
}
