import Jobs
import OrderedCollections
import Synchronization

/// Lets a number of tasks in at the same time; the others wait, first come, first served, without holding a thread.
final class AsyncSemaphore: Sendable {
    private struct State {
        var free: Int
        var nextTicket: UInt64 = 0
        var waiters: OrderedDictionary<UInt64, CheckedContinuation<Void, any Error>> = [:]
    }

    private let state: Mutex<State>

    init(permits: Int) { state = Mutex(State(free: permits)) }

    /// How many tasks wait now.
    var waiting: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` while holding a permit.
    ///
    /// - Parameter reason: Why the step waits, where it has to; nil is not shown.
    /// - Throws: `CancellationError` when the task is cancelled while it waits; else what `body` throws.
    func withPermit<Value>(_ reason: String? = nil, _ body: () async throws -> Value) async throws -> Value {
        if let reason, !isFree {
            try await Waits.during(reason) { try await acquire() }
        } else {
            try await acquire()
        }
        defer { release() }
        return try await body()
    }

    private var isFree: Bool { state.withLock { $0.free > 0 } }

    private func acquire() async throws {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    // The flag is set before the handler below runs: either it is seen here, or the handler comes
                    // later and finds the waiter.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: ticket) }?.resume(throwing: CancellationError())
        }
    }

    private func release() {
        let next = state.withLock { state in
            if state.waiters.isEmpty {
                state.free += 1
                return nil as CheckedContinuation<Void, any Error>?
            }
            return state.waiters.removeFirst().value
        }
        next?.resume()
    }
}
