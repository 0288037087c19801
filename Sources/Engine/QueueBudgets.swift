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
        throw OverBudget(limit: over.limit, message: "the queue \(queue) today: \(over.message)")
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
    /// - Throws: `SpoolError`.
    func readHistories(of spool: SpoolRoot) throws {
        let today = clock.now.day
        for directory in try spool.jobDirectories() where Self.mayHoldUsage(of: today, directory) {
            for location in try spool.jobs(in: directory) {
                guard let history = try spool.history(of: location) else { continue }
                add(history.records, on: today)
            }
        }
    }

    /// A job that ended on another day has used nothing since.
    private static func mayHoldUsage(of day: String, _ directory: String) -> Bool {
        let isDated = directory.hasPrefix("\(SpoolLayout.done)/") || directory.hasPrefix("\(SpoolLayout.failed)/")
        return !isDated || directory.hasSuffix("/\(day)")
    }

    private func add(_ records: [HistoryRecord], on day: String) {
        guard case .accepted(let acceptance) = records.first?.event, limits[acceptance.queue] != nil else { return }
        var used = Usage()
        for record in records where record.at.day == day {
            switch record.event {
            case .stepCompleted(let step): if let usage = step.usage { used += usage }
            case .stepFailed(let step): if let usage = step.usage { used += usage }
            default: break
            }
        }
        onAccount(of: acceptance.queue, day) { $0.used += used }
    }
}

/// One queue's part of the budgets.
private struct QueueBudget: SharedBudget {
    let queue: String
    let budgets: QueueBudgets

    func reserve(_ most: Usage) throws(OverBudget) -> SharedReservation { try budgets.reserve(most, queue) }

    func settle(_ reservation: SharedReservation, used: Usage) { budgets.settle(reservation, used: used, queue) }
}
