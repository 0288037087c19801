import Synchronization

/// The right to call a model now; the request that it was charged covers the first call.
final class ModelPermit: Sendable {
    private let state: Mutex<(entry: ModelLimiterState.Entry, isUsed: Bool)>

    init(_ entry: ModelLimiterState.Entry) { state = Mutex((entry, false)) }

    var entry: ModelLimiterState.Entry { state.withLock { $0.entry } }

    var isUsed: Bool { state.withLock { $0.isUsed } }

    /// Marks the permit as used.
    ///
    /// - Returns: Whether it was used before.
    func use() -> Bool {
        state.withLock { state in
            defer { state.isUsed = true }
            return state.isUsed
        }
    }

    /// Replaces the entry after the limiter was entered again, and marks the permit as used.
    func enterAgain(_ entry: ModelLimiterState.Entry) { state.withLock { $0 = (entry, true) } }
}
