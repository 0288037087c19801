package import Jobs
import Synchronization

/// What may be used, what was, and what calls that are under way may use at the most.
package struct UsageAccount: Sendable {
    package var limits: Limits
    package var used: Usage
    private var reserved = Usage()

    package init(limits: Limits, used: Usage = Usage()) { (self.limits, self.used) = (limits, used) }

    /// Sets aside what a call may use at the most, or says which limit that would break.
    package mutating func reserve(_ most: Usage) -> OverBudget? {
        var sum = used
        sum += reserved
        if let over = over(sum, most) { return over }
        reserved += most
        return nil
    }

    /// Gives back what was set aside and books what was used.
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
        // A hundredth of a cent of what doubles lose in sums.
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

/// A limit does not let a call be made.
package struct OverBudget: Error, Sendable, Equatable {
    /// The limit's name in the configuration.
    package var limit: String
    /// How much is used, allowed and wanted.
    package var message: String
    /// What a person can do, after "release it".
    package var remedy: String

    package init(limit: String, message: String, remedy: String? = nil) {
        (self.limit, self.message) = (limit, message)
        self.remedy = remedy ?? "with a higher --limit \(limit)=…"
    }
}

/// A budget that several jobs share.
package protocol SharedBudget: Sendable {
    /// Sets aside what a call may use at the most.
    ///
    /// - Returns: What ``settle(_:used:)`` is given afterwards.
    /// - Throws: ``OverBudget``.
    func reserve(_ most: Usage) throws(OverBudget) -> SharedReservation

    /// Books what a call has used.
    func settle(_ reservation: SharedReservation, used: Usage)
}

/// What is set aside in a shared budget.
package struct SharedReservation: Sendable {
    package var most: Usage
    /// The day that it counts for.
    package var day: String

    package init(most: Usage, day: String) { (self.most, self.day) = (most, day) }
}

/// What a job may still use: its own limits, and those of its queue today.
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
    ///   - used: What the job's history says.
    ///   - activeTime: Time in the hands of nodes before `claimedAt`.
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

    /// Sets aside what a call may use at the most, in the job's budget and in the shared one.
    ///
    /// - Throws: ``OverBudget``; then nothing is set aside.
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

    /// Books what a call has used in the place of what was set aside for it.
    func settle(_ reservation: Reservation, used: Usage) {
        account.withLock { $0.settle(reservation.most, used: used) }
        if let reserved = reservation.shared { shared?.settle(reserved, used: used) }
    }
}
