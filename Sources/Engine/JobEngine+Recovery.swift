import Jobs
import Logging
import Spool

extension JobEngine {
    /// Jobs that are taken over at the same time, so that they share flushes.
    private static let takeOverConcurrency = 64

    /// Takes over what a former life of this node left, then what dead nodes left, before anything new is claimed.
    func recover() async throws {
        try await takeOver(from: node.node)
        await takeOverDeadNodes()
    }

    private func takeOver(from dead: String) async throws {
        let names = try await node.jobs(of: dead)
        if names.isEmpty { return }
        let claims = try await withThrowingTaskGroup(of: SpoolNode.Claim.self) { [node] group in
            var claims: [SpoolNode.Claim] = []
            var rest = names.makeIterator()
            for name in (0..<Self.takeOverConcurrency).compactMap({ _ in rest.next() }) {
                group.addTask { try await node.takeOver(name, of: dead) }
            }
            while let claim = try await group.next() {
                claims.append(claim)
                if let name = rest.next() { group.addTask { try await node.takeOver(name, of: dead) } }
            }
            return claims
        }
        var count = 0
        for claim in claims where note(claim) { count += 1 }
        logger.notice(
            "took over \(count) unfinished jobs of \(dead == node.node ? "this node's former life" : dead)",
            metadata: ["message_id": "\(MessageID.jobTakenOver)", "node": "\(dead)"]
        )
    }

    /// - Returns: Whether there is a job to run.
    @discardableResult
    private func note(_ claim: SpoolNode.Claim) -> Bool {
        switch claim {
        case .owned(let job, let records):
            observer.jobSeen(job.replay, records)
            schedule(job)
            return true
        case .settled(let replay, let records):
            observer.jobSeen(replay, records)
            if case .deferred(let until) = replay.life.state { deferred.add(replay.name, due: until) }
        case .returned(let queue): intakes[queue]?.isChanged = true
        case .gone: break
        case .unreadable(let job, let reason):
            logger.error("\(reason); it is left where it is", metadata: ["job": "\(job.id)"])
        }
        return false
    }

    /// Takes over the jobs of every node whose lock is free. Only on a local filesystem does a free lock prove that
    /// the node is dead.
    func takeOverDeadNodes() async {
        guard !stopping.isSet, node.isLocal else { return }
        do {
            for (name, isAlive, _) in try await node.run({ [node] in try NodeLock.nodes(of: node.spool) })
            where !isAlive && name != node.node {
                if try await node.jobs(of: name).isEmpty { continue }
                let now = wallClock.now
                let dead = try await node.run { [node] in try NodeLock(of: name, in: node.spool, now: now) }
                try await takeOver(from: name)
                withExtendedLifetime(dead) {}
            }
        } catch is NodeLock.Held {
            // It came back to life between the look and the lock.
        } catch {
            if error is SyncFailure { return fail(error) }
            logger.error("\(error)")
        }
    }

    func takeUpStranded() async {
        let names = stranded
        stranded = []
        for name in names where !stopping.isSet {
            do { note(try await node.takeOver(name.description, of: node.node)) } catch { strand(name, error) }
        }
    }

    // MARK: Due jobs

    func claimDue() async {
        do {
            if deferred.mustScan { try await scanDeferred() }
            while let entry = deferred.takeDue(at: wallClock.now), !stopping.isSet {
                guard jobs[entry.job] == nil else { continue }
                note(try await node.claimDeferred(entry.job, due: entry.due))
            }
        } catch {
            if error is SyncFailure { return fail(error) }
            logger.error("\(error)")
        }
    }

    private func scanDeferred() async throws {
        let entries = try await node.run { [node] in
            try node.spool.jobs(in: SpoolLayout.deferred).compactMap { location in
                SpoolLayout.deferredName(location.entry).map { DeferredJobs.Entry(due: $0.due, job: $0.job) }
            }
        }
        deferred.replace(with: entries)
    }
}
