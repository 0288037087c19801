import Documents
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("Descriptors")
struct DescriptorTests {
    @Test("All descriptors are closed after thousands of jobs of every outcome")
    func leaks() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        func round(_ index: Int) async throws {
            let fates: [JobCommand] = [.completeNow, .failNow, .holdNow, .deferUntil(spool.clock.now, reason: "r")]
            let (job, _) = try await node.accepted(spool.drop("\(index).json"))
            try await node.commit(fates[index % 4], on: job)
            _ = try await node.rejected(spool.drop("\(index).txt", "12345"), .lenient(sizeMax: 1))
            _ = try await node.accept(Drop(queue: TestSpool.queue, name: Array("none".utf8)))
            let lock = try NodeLock(of: "a", in: node.spool, now: spool.clock.now)
            _ = try? NodeLock(of: "a", in: node.spool, now: spool.clock.now)
            withExtendedLifetime(lock) {}
            _ = try ControlRequest.read("none", in: node.spool, now: spool.clock.now)
            if case .deferUntil(let due, _) = fates[index % 4] {
                _ = try await node.takeOver("\(job.name)", of: "b")
                let again = try await node.claimDeferred(job.name, due: due).owned().job
                try await node.commit(.completeNow, on: again)
            }
        }
        for index in 0..<8 { try await round(index) }
        while node.openJobs.count > 0 { await Task.yield() }
        let before = try spool.openDescriptors()
        for index in 8..<1_008 { try await round(index) }
        while node.openJobs.count > 0 { await Task.yield() }
        #expect(try await spool.openDescriptors(settledAt: before) == before)
    }

    @Test("All descriptors are closed after faults at every call")
    func faults() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        _ = try await node.accepted(spool.drop("first.json"))
        while node.openJobs.count > 0 { await Task.yield() }
        let before = try spool.openDescriptors()
        for point in 1...40 {
            let drop = try spool.drop("\(point).json", #"{"idempotency_key":"\#(point)"}"#)
            spool.fileSystem.before { call throws(Errno) in if call.hasPrefix("sync") { throw .invalidArgument } }
            spool.fileSystem.arm(.once(at: point, .tooManyOpenFiles))
            if let other = try? await spool.node("b") {
                _ = try? await other.accept(drop)
                // After a failed sync the files are closed with the node.
                while other.openJobs.count > 0, other.durability.failure == nil { await Task.yield() }
            }
            spool.fileSystem.disarm()
            spool.fileSystem.before { _ in }
        }
        #expect(try await spool.openDescriptors(settledAt: before) == before)
    }
}
