import Jobs
import Logging
import OrderedCollections
import Spool
import Workflow

/// Another configuration while the engine works.
///
/// The loop takes it between two turns, so that no look at an inbox and no claim sees half of it. What is under way
/// goes on with what it began with: a job's definition lies in its history.
extension JobEngine {
    /// What is to be in force, and who waits for it.
    struct NextConfiguration {
        var catalog: Catalog
        var settings: EngineSettings
        /// What the jobs of queues that had no daily limits used today.
        var used: [String: Usage]
        var taken: CheckedContinuation<Void, any Error>
    }

    /// Works with another configuration from now on: it is in force when this returns, and no drop of a queue that is
    /// gone is taken any more.
    ///
    /// One call at a time; the next one begins when this has ended.
    ///
    /// - Throws: `SpoolError` when an inbox cannot be made or watched, `CancellationError` when the engine stops. Then
    ///   all is as it was.
    package func configure(_ catalog: Catalog, _ settings: EngineSettings) async throws {
        try await node.prepare(queues: Array(catalog.queues.keys))
        let before = self.catalog.queues
        try watchInboxes(of: catalog.queues.keys.filter { before[$0] == nil })
        do {
            let used = try await usageToday(of: catalog.queues.values)
            if stopping.isSet { throw CancellationError() }
            try await withCheckedThrowingContinuation { continuation in
                nextConfiguration = NextConfiguration(
                    catalog: catalog,
                    settings: settings,
                    used: used,
                    taken: continuation
                )
                wake()
            }
        } catch {
            for queue in catalog.queues.keys where before[queue] == nil { watch.unwatch(queue) }
            throw error
        }
        for queue in before.keys where catalog.queues[queue] == nil { await endIntake(of: queue) }
    }

    private func watchInboxes(of queues: [String]) throws(SpoolError) {
        do throws(SpoolError) {
            for queue in queues {
                try watch.watch(queue, at: "\(node.spool.path)/\(SpoolLayout.inbox(of: queue))")
            }
        } catch {
            for queue in queues { watch.unwatch(queue) }
            throw error
        }
    }

    private func usageToday(of queues: some Sequence<QueueSettings>) async throws -> [String: Usage] {
        let budgets = runner.budgets
        let names = budgets.newlyLimited(queues)
        if names.isEmpty { return [:] }
        let (used, unreadable) = try await node.run { [node] in try budgets.usage(of: names, in: node.spool) }
        for error in unreadable {
            logger.error("\(error); what this job used today does not count in its queue's daily limits")
        }
        return used
    }

    /// Waits for the drops that were being accepted, and forgets the inbox.
    private func endIntake(of queue: String) async {
        while catalog.queues[queue] == nil, let task = intakes[queue]?.accepting.values.first { await task.value }
        guard catalog.queues[queue] == nil else { return }
        intakes[queue] = nil
        node.spool.letGo(of: SpoolLayout.inbox(of: queue))
    }

    // MARK: In the loop

    /// Puts what waits to be taken into force.
    func takeConfiguration() {
        guard let next = nextConfiguration else { return }
        nextConfiguration = nil
        let before = catalog.queues
        catalog = next.catalog
        let isScanDifferent = settings.scanInterval != next.settings.scanInterval
        settings = next.settings
        runner = renewedRunner()
        runner.budgets.configure(catalog.queues.values, used: next.used)
        schedule.configure(queues: catalog.queues.values, concurrency: settings.concurrency)
        for queue in before.keys where catalog.queues[queue] == nil { leaveInbox(of: queue) }
        for (name, queue) in catalog.queues where before[name] != queue { lookAnew(into: name, before[name], queue) }
        if isScanDifferent { restartScans() }
        next.taken.resume()
    }

    /// For jobs that start from now on: those that run go on with theirs.
    private func renewedRunner() -> JobRunner {
        var environment = runner.environment
        environment.shortWaitMax = settings.shortWaitMax
        environment.modelWaitMax = settings.modelWaitMax
        environment.deathsMax = settings.deathsMax
        return JobRunner(
            node: node,
            observer: observer,
            provider: runner.provider,
            environment: environment,
            budgets: runner.budgets,
            redactor: catalog.redactor,
            logger: logger
        )
    }

    /// An engine that stops takes no other configuration.
    func refuseConfiguration() {
        nextConfiguration?.taken.resume(throwing: CancellationError())
        nextConfiguration = nil
    }

    private func leaveInbox(of queue: String) {
        watch.unwatch(queue)
        // Those that are being accepted come to their end.
        if var intake = intakes[queue] {
            intake.isChanged = false
            intake.listing = nil
            (intake.looks, intake.written, intake.immovable) = ([:], [], [])
            (intake.nextLook, intake.pausedUntil) = (nil, nil)
            intakes[queue] = intake
        }
        _ = complaints.end(.queue(queue))
    }

    /// Which names are taken, and when, may be different for all that lies in the inbox.
    private func lookAnew(into name: String, _ old: QueueSettings?, _ new: QueueSettings) {
        var intake = intakes[name] ?? Intake()
        intake.isChanged = true
        intake.listing = nil
        intake.written = []
        if let old, (old.settle, old.settleEmpty) != (new.settle, new.settleEmpty) {
            intake.looks = [:]
            intake.nextLook = nil
        }
        intakes[name] = intake
    }
}
