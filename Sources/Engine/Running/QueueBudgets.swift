import Documents
import Jobs
import OrderedCollections
import Spool
import Synchronization
import Workflow

/// What the queues with `daily_limits` have used today (UTC), over all their jobs.
///
/// Counted in memory, and at start from the histories, which are the source of truth. It does not see what other nodes
/// use while this one runs.
final class QueueBudgets: Sendable {
    private struct Account {
        var day: String
        var account: UsageAccount
    }

    private struct State {
        var limits: [String: Limits]
        var accounts: [String: Account] = [:]
    }

    private let clock: WallClock
    private let state: Mutex<State>

    init(_ queues: some Sequence<QueueSettings>, clock: WallClock) {
        state = Mutex(State(limits: Self.limits(of: queues)))
        self.clock = clock
    }

    private static func limits(of queues: some Sequence<QueueSettings>) -> [String: Limits] {
        queues.reduce(into: [:]) { limits, queue in limits[queue.name] = queue.dailyLimits }
    }

    /// Whether anything is counted.
    var isEmpty: Bool { state.withLock { $0.limits.isEmpty } }

    /// The budget of a queue; nil where it has none.
    func budget(of queue: String) -> (any SharedBudget)? {
        state.withLock { $0.limits[queue] == nil } ? nil : QueueBudget(queue: queue, budgets: self)
    }

    /// Those of `queues` that are limited now and were not before: today's usage of their jobs is unknown.
    func newlyLimited(_ queues: some Sequence<QueueSettings>) -> Set<String> {
        let limits = Self.limits(of: queues)
        return state.withLock { Set(limits.keys).subtracting($0.limits.keys) }
    }

    /// Applies other limits, also to running jobs. A queue that is not among `queues` keeps its limits, because it may
    /// have jobs left.
    ///
    /// - Parameter used: What the jobs of queues that were not limited before used today.
    func configure(_ queues: some Sequence<QueueSettings>, used: [String: Usage]) {
        let day = clock.now.day
        let limits = Self.limits(of: queues)
        let names = Set(queues.map(\.name))
        state.withLock { state in
            state.limits = state.limits.filter { !names.contains($0.key) }.merging(limits) { _, new in new }
            for name in names { state.accounts[name]?.account.limits = limits[name] ?? Limits() }
            for (name, used) in used {
                state.accounts[name] = Account(
                    day: day,
                    account: UsageAccount(limits: limits[name] ?? Limits(), used: used)
                )
            }
        }
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
        state.withLock { state in
            // A reservation of yesterday does not count today.
            guard state.accounts[queue]?.day == reservation.day else { return }
            state.accounts[queue]?.account.settle(reservation.most, used: used)
        }
    }

    private func onAccount<Value: Sendable>(
        of queue: String,
        _ day: String,
        _ body: (inout UsageAccount) -> Value
    ) -> Value {
        state.withLock { state in
            let limits = state.limits[queue] ?? Limits()
            var account = state.accounts[queue] ?? Account(day: day, account: UsageAccount(limits: limits))
            if account.day != day { account = Account(day: day, account: UsageAccount(limits: limits)) }
            defer { state.accounts[queue] = account }
            return body(&account.account)
        }
    }

    // MARK: Start

    /// Adds what the queues' jobs have used since midnight. Blocking.
    ///
    /// - Returns: The errors of jobs that could not be read, and are not counted.
    /// - Throws: `SpoolError` when a directory cannot be read.
    func readHistories(of spool: SpoolRoot) throws -> [SpoolError] {
        let (used, errors) = try usage(of: Set(state.withLock { $0.limits.keys }), in: spool)
        let today = clock.now.day
        for (queue, usage) in used { onAccount(of: queue, today) { $0.used += usage } }
        return errors
    }

    /// Adds up what the jobs of `queues` have used since midnight, as their histories say. Blocking.
    ///
    /// - Throws: `SpoolError` when a directory cannot be read.
    func usage(
        of queues: Set<String>,
        in spool: SpoolRoot
    ) throws -> (used: [String: Usage], unreadable: [SpoolError]) {
        let today = clock.now.day
        var errors: [SpoolError] = []
        var sums: [String: Usage] = [:]
        for directory in try spool.jobDirectories() where Self.mayHoldUsage(of: today, directory) {
            for location in try spool.jobs(in: directory) {
                var queue = ""
                var used = Usage()
                do {
                    _ = try RereadableHistory(of: location, in: spool) { record, _ in
                        if case .accepted(let acceptance) = record.event { queue = acceptance.queue }
                        if record.at.day == today, let usage = record.event.usage { used += usage }
                    }
                } catch {
                    errors.append(error)
                }
                if queues.contains(queue) { sums[queue, default: Usage()] += used }
            }
        }
        return (sums, errors)
    }

    /// A job that ended on another day has used nothing today.
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
