import Documents
import Synchronization

/// The end of taking a group of drops from an inbox; the next group waits for it.
final class CompletionSignal: Sendable {
    private enum State {
        case underWay
        case waitedFor(CheckedContinuation<Void, Never>)
        case over
    }

    private let state = Mutex(State.underWay)

    /// All drops of the group are taken or could not be.
    func end() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            defer { state = .over }
            return if case .waitedFor(let waiting) = state { waiting } else { nil }
        }
        waiting?.resume()
    }

    /// Returns after ``end()``; may be called once.
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
