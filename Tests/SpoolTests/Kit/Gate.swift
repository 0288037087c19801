import Dispatch
import Synchronization

/// Holds a thread until the test lets it go on.
final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let arrivals = AsyncStream.makeStream(of: Void.self)

    private let visitors = Mutex(0)

    /// True for the first caller.
    var isFirst: Bool {
        visitors.withLock { count in
            count += 1
            return count == 1
        }
    }

    /// Blocks the calling thread until ``open()``.
    func pass() {
        arrivals.continuation.yield()
        opened.wait()
    }

    /// Returns when a thread waits at the gate.
    func arrival() async { for await _ in arrivals.stream { return } }

    func open() { opened.signal() }
}
