import Jobs
import OrderedCollections
import Spool
import Synchronization
import Workflow

/// What the queues with `daily_limits` have used today (UTC), over all their jobs.
///
/// Counted in memory, and at start from the histories, which are the truth. What other nodes use while this one runs
/// is not seen.
final class QueueBudgets: Sendable {
    private struct Account {
        var day: String
        var account: UsageAccount
    }

    private let limits: [String: Limits]
    private let clock: WallClock
    private let accounts = Mutex<[String: Account]>([:])

    init(_ queues: some Sequence<QueueSettings>, clock: WallClock) {
        limits = queues.reduce(into: [:]) { limits, queue in limits[queue.name] = queue.dailyLimits }
        self.clock = clock
    }

    /// Whether anything is counted.
    var isEmpty: Bool { limits.isEmpty }

    /// The budget of a queue; nil where it has none.
    func budget(of queue: String) -> (any SharedBudget)? {
        limits[queue] == nil ? nil : QueueBudget(queue: queue, budgets: self)
    }

    fileprivate func reserve(_ most: Usage, _ queue: String) throws(OverBudget) -> SharedReservation {
        let day = clock.now.day
        let over = onAccount(of: queue, day) { $0.reserve(most) }
        guard let over else { return SharedReservation(most: most, day: day) }
        throw OverBudget(
            limit: over.limit,
            message: "the queue \(queue) today: \(over.message)",
            remedy: "tomorrow, or after raising the queue's daily_limits"
        )
    }

    fileprivate func settle(_ reservation: SharedReservation, used: Usage, _ queue: String) {
        accounts.withLock { accounts in
            // What began yesterday is yesterday's.
            guard accounts[queue]?.day == reservation.day else { return }
            accounts[queue]?.account.settle(reservation.most, used: used)
        }
    }

    private func onAccount<Value: Sendable>(
        of queue: String,
        _ day: String,
        _ body: (inout UsageAccount) -> Value
    ) -> Value {
        accounts.withLock { accounts in
            if accounts[queue]?.day != day {
                accounts[queue] = Account(day: day, account: UsageAccount(limits: limits[queue] ?? Limits()))
            }
            var account = accounts[queue, default: Account(day: day, account: UsageAccount(limits: Limits()))]
            defer { accounts[queue] = account }
            return body(&account.account)
        }
    }

    // MARK: Start

    /// Adds up what the queues' jobs have used since midnight. Blocking.
    ///
    /// - Returns: What could not be read, and is not counted.
    /// - Throws: `SpoolError` when a directory cannot be read.
    func readHistories(of spool: SpoolRoot) throws -> [SpoolError] {
        let today = clock.now.day
        var errors: [SpoolError] = []
        for directory in try spool.jobDirectories() where Self.mayHoldUsage(of: today, directory) {
            for location in try spool.jobs(in: directory) {
                var queue = ""
                var used = Usage()
                do {
                    _ = try EarlierHistory(of: location, in: spool) { record, _ in
                        if case .accepted(let acceptance) = record.event { queue = acceptance.queue }
                        if record.at.day == today, let usage = record.event.usage { used += usage }
                    }
                } catch {
                    errors.append(error)
                }
                if limits[queue] != nil { onAccount(of: queue, today) { [used] in $0.used += used } }
            }
        }
        return errors
    }

    /// A job that ended on another day has used nothing since.
    private static func mayHoldUsage(of day: String, _ directory: String) -> Bool {
        let isDated = directory.hasPrefix("\(SpoolLayout.done)/") || directory.hasPrefix("\(SpoolLayout.failed)/")
        return !isDated || directory.hasSuffix("/\(day)")
    }
}

extension JobEvent {
    fileprivate var usage: Usage? {
        switch self {
        case .stepCompleted(let step): step.usage
        case .stepFailed(let step): step.usage
        case .stepWaits(let step): step.usage
        default: nil
        }
    }
}

/// One queue's part of the budgets.
private struct QueueBudget: SharedBudget {
    let queue: String
    let budgets: QueueBudgets

    func reserve(_ most: Usage) throws(OverBudget) -> SharedReservation { try budgets.reserve(most, queue) }

    func settle(_ reservation: SharedReservation, used: Usage) { budgets.settle(reservation, used: used, queue) }
}
