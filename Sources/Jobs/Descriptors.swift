import OrderedCollections
import Synchronization

/// The file descriptors that calls and commands of all jobs may hold together.
///
/// Who finds too few free waits, first come, first served, and says so (``Waits``): a job that waits is better than one
/// that fails because the process is at its limit.
package final class Descriptors: Sendable {
    private struct Waiter {
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        var waiters: OrderedDictionary<UInt64, Waiter> = [:]
    }

    private let max: Int
    private let reason: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - max: How many may be held together, 1 at least.
    ///   - limit: Of all that the process may have, which `max` is a part of; for the reason that is shown.
    package init(max: Int, of limit: Int) {
        self.max = Swift.max(1, max)
        reason =
            "\(self.max) descriptors are in use by calls and commands, as many as the limit of \(limit) open files allows"
        state = Mutex(State(free: self.max))
    }

    /// For parts that hold too few to be counted.
    package static var unlimited: Descriptors { Descriptors(max: .max, of: .max) }

    /// How many nobody holds now.
    package var free: Int { state.withLock { $0.free } }

    /// How many tasks wait now.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` while holding `count` descriptors, or all where there are fewer.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits; else what `body` throws.
    package func hold<Value>(_ count: Int, _ body: () async throws -> Value) async throws -> Value {
        let count = min(count, max)
        if !takeAtOnce(count) { try await Waits.during(reason) { try await take(count) } }
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
                    // The flag is set before the handler below runs: either it is seen here, or the handler comes
                    // later and finds the waiter.
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

    /// Takes for those who wait, in their order: one that wants many is not passed by others that want few.
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
