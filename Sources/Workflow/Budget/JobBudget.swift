package import Documents
package import Jobs
import Synchronization

/// A budget's limits, its usage so far, and the worst case of the calls under way.
package struct UsageAccount: Sendable {
    package var limits: Limits
    package var used: Usage
    private var reserved = Usage()

    package init(limits: Limits, used: Usage = Usage()) { (self.limits, self.used) = (limits, used) }

    /// Reserves the most that a call may use, or returns the limit that this would exceed.
    package mutating func reserve(_ most: Usage) -> OverBudget? {
        var sum = used
        sum += reserved
        if let over = over(sum, most) { return over }
        reserved += most
        return nil
    }

    /// Releases what was reserved and books what was used.
    package mutating func settle(_ most: Usage, used actual: Usage) {
        reserved -= most
        used += actual
    }

    private func over(_ sum: Usage, _ most: Usage) -> OverBudget? {
        func check(_ name: String, _ limit: Int?, _ sum: Int, _ most: Int) -> OverBudget? {
            guard let limit, most > 0, sum + most > limit else { return nil }
            return OverBudget(
                limit: name,
                message: "\(sum) of \(limit) \(name) are used or set aside, and the next call may take \(most)"
            )
        }
        // The tolerance covers what doubles lose in sums.
        if let limit = limits.costUSD, most.costUSD > 0, sum.costUSD + most.costUSD > limit + 1e-6 {
            let (sum, most) = (USD.text(sum.costUSD), USD.text(most.costUSD))
            return OverBudget(
                limit: "cost_usd",
                message: "\(sum) of \(USD.text(limit)) are used or set aside, and the next call may cost \(most)"
            )
        }
        return check("tokens", limits.tokens, sum.tokens, most.tokens)
            ?? check("tool_calls", limits.toolCalls, sum.toolCalls, most.toolCalls)
            ?? check("turns", limits.turns, sum.modelCalls, most.modelCalls)
    }
}

/// A limit does not allow a call.
package struct OverBudget: Error, Sendable, Equatable {
    /// The limit's name in the configuration.
    package var limit: String
    /// How much is used, allowed and needed.
    package var message: String
    /// What a person can do, in words that follow "release it".
    package var remedy: String

    package init(limit: String, message: String, remedy: String? = nil) {
        (self.limit, self.message) = (limit, message)
        self.remedy = remedy ?? "with a higher --limit \(limit)=…"
    }
}

/// A budget that several jobs share.
package protocol SharedBudget: Sendable {
    /// Reserves the most that a call may use.
    ///
    /// - Returns: The reservation for ``settle(_:used:)``.
    /// - Throws: ``OverBudget``.
    func reserve(_ most: Usage) throws(OverBudget) -> SharedReservation

    /// Books what a call has used.
    func settle(_ reservation: SharedReservation, used: Usage)
}

/// A reservation in a shared budget.
package struct SharedReservation: Sendable {
    package var most: Usage
    /// The day whose budget it uses.
    package var day: String

    package init(most: Usage, day: String) { (self.most, self.day) = (most, day) }
}

/// What a job may still use, by its own limits and by those of its queue today.
package final class JobBudget: Sendable {
    package struct Reservation: Sendable {
        fileprivate var most: Usage
        fileprivate var shared: SharedReservation?
    }

    private let account: Mutex<UsageAccount>
    private let shared: (any SharedBudget)?
    private let durationMax: Duration?
    private let activeTime: Duration
    private let claimedAt: Timestamp

    /// - Parameters:
    ///   - used: The usage in the job's history.
    ///   - activeTime: How long nodes had the job before `claimedAt`.
    package init(
        limits: Limits = Limits(),
        used: Usage = Usage(),
        activeTime: Duration = .zero,
        claimedAt: Timestamp = Timestamp(milliseconds: 0),
        shared: (any SharedBudget)? = nil
    ) {
        account = Mutex(UsageAccount(limits: limits, used: used))
        durationMax = limits.duration
        (self.activeTime, self.claimedAt, self.shared) = (activeTime, claimedAt, shared)
    }

    /// Reserves the most that a call may use, in the job's budget and in the shared one.
    ///
    /// - Throws: ``OverBudget``; then nothing is reserved.
    func reserve(_ most: Usage, at now: Timestamp) throws(OverBudget) -> Reservation {
        if let durationMax, activeTime + (now - claimedAt) >= durationMax {
            throw OverBudget(limit: "duration", message: "its \(durationMax.text) of running time are over")
        }
        let over = account.withLock { $0.reserve(most) }
        if let over { throw over }
        do throws(OverBudget) {
            guard let shared else { return Reservation(most: most) }
            return Reservation(most: most, shared: try shared.reserve(most))
        } catch {
            account.withLock { $0.settle(most, used: Usage()) }
            throw error
        }
    }

    /// Books what a call has used, in place of what was reserved for it.
    func settle(_ reservation: Reservation, used: Usage) {
        account.withLock { $0.settle(reservation.most, used: used) }
        if let reserved = reservation.shared { shared?.settle(reserved, used: used) }
    }
}
