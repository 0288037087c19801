import OrderedCollections
import Synchronization

/// A first-in, first-out queue of waiting tasks.
final class WaiterQueue: Sendable {
    private struct State {
        var nextTicket: UInt64 = 0
        var waiters: OrderedDictionary<UInt64, CheckedContinuation<Void, any Error>> = [:]
    }

    private let state = Mutex(State())

    /// How many tasks wait now.
    var count: Int { state.withLock { $0.waiters.count } }

    /// Wakes the task that has waited longest.
    func wakeFirst() {
        let first = state.withLock { $0.waiters.isEmpty ? nil : $0.waiters.removeFirst().value }
        first?.resume()
    }

    /// Returns when the task is woken, or after `limit`.
    ///
    /// - Throws: `CancellationError`.
    func wait(upTo limit: Duration, _ clock: any Clock<Duration>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.wait() }
            group.addTask { try await clock.sleep(for: limit) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func wait() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    // The cancellation flag is set before the handler below runs: either it is seen here, or the
                    // handler runs later and finds the waiter.
                    if Task.isCancelled { return true }
                    state.waiters[ticket] = continuation
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
        }
    }
}
