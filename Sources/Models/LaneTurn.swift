import Synchronization

/// A turn at a model; the request that it took counts for the first call made in it.
final class LaneTurn: Sendable {
    let entry: LaneState.Entry
    private let used = Mutex(false)

    init(_ entry: LaneState.Entry) { self.entry = entry }

    var isUsed: Bool { used.withLock { $0 } }

    /// True the first time.
    func use() -> Bool {
        used.withLock { used in
            defer { used = true }
            return !used
        }
    }
}
