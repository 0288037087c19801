import Documents
import Jobs
import Logging
import OrderedCollections
import Spool
import Workflow

/// Changes of the configuration while the engine runs.
///
/// The loop applies a new one between two iterations, so that no scan and no claim sees half of it. Running jobs keep
/// their definitions, which lie in their histories.
extension JobEngine {
    /// Applies another configuration: it is in force when this returns, and the engine takes no more drops of a removed
    /// queue.
    ///
    /// The caller awaits each call before it makes the next.
    ///
    /// - Throws: `SpoolError` when an inbox cannot be made or watched, `CancellationError` when the engine stops. Then
    ///   nothing has changed.
    package func configure(_ catalog: Catalog, _ settings: EngineSettings) async throws {
        try await node.prepare(queues: Array(catalog.queues.keys))
        let before = self.catalog.queues
        try watchInboxes(of: catalog.queues.keys.filter { before[$0] == nil })
        do {
            let used = try await usageToday(of: catalog.queues.values)
            if stopping.isSet { throw CancellationError() }
            try await withCheckedThrowingContinuation { continuation in
                configuration.prepare(
                    ActiveConfiguration.Pending(
                        catalog: catalog,
                        settings: settings,
                        used: used,
                        taken: continuation
                    )
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

    /// Waits for the drops that are being accepted, then forgets the inbox.
    private func endIntake(of queue: String) async {
        while catalog.queues[queue] == nil, let task = inboxes.anyTask(queue) { await task.value }
        guard catalog.queues[queue] == nil else { return }
        inboxes.forget(queue)
        node.spool.letGo(of: SpoolLayout.inbox(of: queue))
    }

    // MARK: In the loop

    /// Applies the next configuration, if there is one.
    func takeConfiguration() {
        guard let next = configuration.takeNext() else { return }
        let before = catalog.queues
        let isScanDifferent = settings.scanInterval != next.settings.scanInterval
        configuration.apply(next)
        schedule.configure(queues: catalog.queues.values, concurrency: settings.concurrency)
        for queue in before.keys where catalog.queues[queue] == nil { leaveInbox(of: queue) }
        for (name, queue) in catalog.queues where before[name] != queue {
            inboxes.configure(name, from: before[name], to: queue)
        }
        if isScanDifferent { startScans() }
        next.taken.resume()
    }

    /// Rejects the next configuration: a stopping engine applies none.
    func refuseConfiguration() {
        configuration.takeNext()?.taken.resume(throwing: CancellationError())
    }

    private func leaveInbox(of queue: String) {
        watch.unwatch(queue)
        inboxes.leave(queue)
        _ = loggedErrors.end(.queue(queue))
    }
}
