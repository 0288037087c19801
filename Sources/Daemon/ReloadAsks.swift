import Synchronization

/// Who has asked for the configuration to be read again, and has no answer yet: one reading answers all who wait.
final class ReloadAsks: Sendable {
    struct Waiting: Sendable {
        /// Whether the signal came.
        var isHangup = false
        /// Files in `control/`.
        var requests: [String] = []
    }

    private let waiting = Mutex(Waiting())
    private let isReady = Mutex(false)
    private let continuation: AsyncStream<Void>.Continuation
    /// An element when a submitter or a signal waits for a reading; none before the daemon is ready.
    let arrivals: AsyncStream<Void>

    init() { (arrivals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func hangUp() {
        waiting.withLock { $0.isHangup = true }
        tell()
    }

    /// A request is told of with every look at `control/`, until it is gone from there.
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

    /// Those who wait, and wait no more.
    func take() -> Waiting {
        waiting.withLock { waiting in
            defer { waiting = Waiting() }
            return waiting
        }
    }
}
