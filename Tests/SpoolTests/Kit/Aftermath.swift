import Documents
import Jobs
import SystemPackage
import Testing

@testable import Spool

/// What must hold after a crash or a fault, once a node has taken over.
struct Aftermath {
    let scenario: Scenario
    let spool: TestSpool
    let told: Scenario.Told
    let point: Comment

    /// Takes over what `dead` left, and checks that all of it is there and can be completed.
    func check(takenOverBy name: String, from dead: String = "a") async throws {
        let node = try await spool.node(name)
        var jobs = try await takeOver(node, from: dead)
        for name in spool.tree("inbox/\(TestSpool.queue)") {
            // As the next scan of the inbox does.
            guard let job = SpoolLayout.carriedJob(Array(name.utf8)) else { continue }
            _ = try await node.resolveOrphanClaim(job, in: TestSpool.queue)
        }
        try checkRest(jobs)
        if try isRejected { return try checkRejection() }
        jobs += try await acceptWaiting(node)
        if try isRejected { return try checkRejection() }
        for job in jobs { try await node.commit(.completeNow, on: job) }
        try await finishDeferred(node)
        try checkEnd()
        if scenario.text.contains("idempotency_key") { try await checkKey(node) }
    }

    private func takeOver(_ node: SpoolNode, from dead: String) async throws -> [OwnedJob] {
        var jobs: [OwnedJob] = []
        for entry in try await node.jobs(of: dead) {
            switch try await node.takeOver(entry, of: dead) {
            case .owned(let job, _): jobs.append(job)
            case .unreadable(_, let reason): Issue.record("\(reason) \(point)")
            case .settled, .returned, .gone: break
            }
        }
        return jobs
    }

    private func checkRest(_ jobs: [OwnedJob]) throws {
        #expect(try spool.problems() == [], point)
        let found = try spool.root().findJobs { _ in true }
        let waiting = try spool.root().waitingDrops(of: TestSpool.queue, limit: 10).count
        let rejected = try isRejected ? 1 : 0
        #expect(found.count + waiting + rejected == 1, "\(point): \(spool.tree(""))")
        for location in found {
            let records = try #require(try spool.root().history(of: location)).records
            for record in told.all { #expect(records.contains(record), point) }
            if !JobReplay(name: location.job, records: records).life.isEnded {
                #expect(!spool.exists("\(location.path)/result.json"), point)
                #expect(!spool.exists("\(location.path)/error.txt"), point)
            }
            let isOwned = jobs.contains { $0.name == location.job }
            #expect(location.directory.hasPrefix("processing/") == isOwned, point)
        }
        if found.isEmpty { #expect(told.all.isEmpty, point) }
    }

    private func acceptWaiting(_ node: SpoolNode) async throws -> [OwnedJob] {
        var jobs: [OwnedJob] = []
        for waiting in try spool.root().waitingDrops(of: TestSpool.queue, limit: 10).drops {
            #expect(waiting.uid == Int(scenario.owner), point)
            switch try await node.accept(waiting.drop) {
            case .accepted(let job, _): jobs.append(job)
            case .rejected: #expect(scenario.text == "bad", point)
            case .unfinished, .immovable, .gone: Issue.record(point)
            }
        }
        return jobs
    }

    private func finishDeferred(_ node: SpoolNode) async throws {
        for location in try spool.root().jobs(in: SpoolLayout.held) {
            let adopted = try await node.adopt(location.job, from: location.directory, named: location.entry)
            try await node.commit(.release(Release(.admin)), on: #require(adopted).0)
        }
        for location in try spool.root().jobs(in: SpoolLayout.deferred) {
            let due = try #require(SpoolLayout.deferredName(location.entry)).due
            try await node.commit(.completeNow, on: node.claimDeferred(location.job, due: due).owned().job)
        }
    }

    /// Checks that one job has ended, with all its files and no others.
    private func checkEnd() throws {
        #expect(try spool.problems() == [], point)
        let root = try spool.root()
        let found = try root.findJobs { _ in true }
        try #require(found.count == 1, "\(point): \(spool.tree(""))")
        let history = try #require(try root.history(of: found[0]))
        let replay = JobReplay(name: found[0].job, records: history.records)
        let files = ["history.jsonl", "job.json", "result.json"] + (replay.outcome == .completed ? [] : ["error.txt"])
        #expect(spool.tree(found[0].path) == files.sorted(), point)
        #expect(spool.text("\(found[0].path)/job.json") == scenario.text, point)
        #expect(replay.acceptance?.ownerUID == Int(scenario.owner), point)
        #expect(spool.tree("inbox/\(TestSpool.queue)") == [], point)
        #expect(spool.tree("processing").allSatisfy { !$0.contains("/") }, "\(point): \(spool.tree("processing"))")
    }

    private func checkKey(_ node: SpoolNode) async throws {
        let first = try #require(try spool.root().findJobs { _ in true }.first).job.id
        let row = try await node.rejected(spool.drop("second.json", scenario.text))
        #expect(row.reason?.contains(first.text) == true, point)
    }

    // MARK: Rejected

    private var isRejected: Bool {
        get throws { try !spool.root().rejectionNotes().isEmpty && spool.tree("inbox/\(TestSpool.queue)").isEmpty }
    }

    private func checkRejection() throws {
        let notes = try spool.root().rejectionNotes()
        try #require(notes.count == 1, point)
        let drop = "rejected/\(notes[0].at.day)/\(notes[0].job)"
        #expect(spool.text(drop) == scenario.text, point)
        #expect(spool.tree("processing").allSatisfy { !$0.contains("/") }, point)
    }
}
