import Synchronization

/// Drops that are taken from an inbox one after another; the next ones wait until these are.
final class Taking: Sendable {
    private enum State {
        case underWay
        case waitedFor(CheckedContinuation<Void, Never>)
        case over
    }

    private let state = Mutex(State.underWay)

    /// All are taken, or are not to be had.
    func end() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state = .over }
            return if case .waitedFor(let waiting) = state { waiting } else { nil }
        }
        waiting?.resume()
    }

    /// Returns when all are; to be called once.
    func whenDone() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if case .over = state { return true }
                state = .waitedFor(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
