import Documents
import Synchronization

/// A job's claim to a worker: the engine lends the worker and takes it back, the job's steps ask for it.
///
/// One lock for both, so that a step that begins while the worker is being given back either keeps it or waits for
/// another; and no step asks the engine while the job has one.
final class WorkerLease: Sendable {
    private struct State {
        var isLent = false
        /// Their paths, not a count: composite and skipped steps end without having begun.
        var stepsUnderWay: Set<String> = []
    }

    private let state = Mutex(State())

    var isLent: Bool { state.withLock { $0.isLent } }

    func lend() { state.withLock { $0.isLent = true } }

    /// Takes the worker from the job, unless one of its steps runs.
    ///
    /// - Returns: Whether it had one, and has none now.
    func giveBack() -> Bool {
        state.withLock { state in
            guard state.isLent, state.stepsUnderWay.isEmpty else { return false }
            state.isLent = false
            return true
        }
    }

    /// - Returns: Whether the job has a worker, which is not given back before the step ends.
    func begin(_ step: String) -> Bool {
        state.withLock { state in
            state.stepsUnderWay.insert(step)
            return state.isLent
        }
    }

    func end(_ step: String) { _ = state.withLock { $0.stepsUnderWay.remove(step) } }
}
