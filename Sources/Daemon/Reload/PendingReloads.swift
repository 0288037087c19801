import Documents
import Synchronization

/// The unanswered requests to reload the configuration; one reload answers all of them.
final class PendingReloads: Sendable {
    struct Waiting: Sendable {
        /// Whether the signal came.
        var isHangup = false
        /// Files in `control/`.
        var requests: [String] = []
    }

    private let waiting = Mutex(Waiting())
    private let isReady = Mutex(false)
    private let continuation: AsyncStream<Void>.Continuation
    /// An element when a request or a signal waits for a reload; none before the daemon is ready.
    let arrivals: AsyncStream<Void>

    init() { (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func hangUp() {
        waiting.withLock { $0.isHangup = true }
        tell()
    }

    /// Adds a request; the engine reports it at every scan of `control/`, until its file is gone.
    func request(_ file: String) {
        waiting.withLock { waiting in
            if !waiting.requests.contains(file) { waiting.requests.append(file) }
        }
        tell()
    }

    /// The daemon can answer from now on.
    func begin() {
        isReady.withLock { $0 = true }
        tell()
    }

    private func tell() {
        if isReady.withLock(\.self) { continuation.yield() }
    }

    /// Removes and returns what waits.
    func take() -> Waiting {
        waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting
        }
    }
}
