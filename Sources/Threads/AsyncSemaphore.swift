import OrderedCollections
import Synchronization

/// A counting semaphore: waiting tasks get permits in the order of their arrival, and hold no thread.
///
/// A waiting task reports why it waits (``WaitReasons``). A task that wants many permits is not overtaken by tasks that
/// want few.
package final class AsyncSemaphore: Sendable {
    private struct Waiter {
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        var waiters: OrderedDictionary<UInt64, Waiter> = [:]
    }

    private let permits: Int
    private let state: Mutex<State>

    /// - Parameter permits: 1 or more.
    package init(permits: Int) {
        self.permits = max(1, permits)
        state = Mutex(State(free: self.permits))
    }

    /// How many permits are free now.
    package var free: Int { state.withLock { $0.free } }

    /// How many tasks wait now.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` while holding permits.
    ///
    /// - Parameters:
    ///   - count: How many permits; all of them where there are fewer.
    ///   - reason: Why the step waits, if it has to; nil shows no reason.
    /// - Throws: `CancellationError` when the task is cancelled before or while it waits; else what `body` throws.
    package func withPermits<Value>(
        _ count: Int = 1,
        _ reason: String? = nil,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let count = min(count, permits)
        try Task.checkCancellation()
        if !takeAtOnce(count) {
            if let reason {
                try await WaitReasons.during(reason) { try await take(count) }
            } else {
                try await take(count)
            }
        }
        defer { giveBack(count) }
        return try await body()
    }

    private func takeAtOnce(_ count: Int) -> Bool {
        state.withLock { state in
            guard state.waiters.isEmpty, state.free >= count else { return false }
            state.free -= count
            return true
        }
    }

    private func take(_ count: Int) async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let served = state.withLock { state -> [CheckedContinuation<Void, any Error>]? in
                    // The flag is set before the handler below runs: either this code sees the flag, or the handler
                    // runs later and finds the waiter.
                    if Task.isCancelled { return nil }
                    state.waiters[ticket] = Waiter(count: count, continuation: continuation)
                    return serve(&state)
                }
                guard let served else { return continuation.resume(throwing: CancellationError()) }
                for continuation in served { continuation.resume() }
            }
        } onCancel: {
            let (cancelled, served) = state.withLock { state in
                (state.waiters.removeValue(forKey: ticket), serve(&state))
            }
            cancelled?.continuation.resume(throwing: CancellationError())
            for continuation in served { continuation.resume() }
        }
    }

    private func giveBack(_ count: Int) {
        let served = state.withLock { state in
            state.free += count
            return serve(&state)
        }
        for continuation in served { continuation.resume() }
    }

    /// Takes permits for the waiting tasks, in the order of their arrival.
    private func serve(_ state: inout State) -> [CheckedContinuation<Void, any Error>] {
        var served: [CheckedContinuation<Void, any Error>] = []
        while let first = state.waiters.values.first, first.count <= state.free {
            state.waiters.removeFirst()
            state.free -= first.count
            served.append(first.continuation)
        }
        return served
    }
}
