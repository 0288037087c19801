import Dispatch
import Synchronization

/// Holds a thread until the test lets it go on.
package final class ThreadGate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let arrivals = AsyncStream.makeStream(of: Void.self)

    private let visitors = Mutex(0)

    package init() {}

    /// True for the first caller.
    package var isFirst: Bool {
        visitors.withLock { count in
            count += 1
            return count == 1
        }
    }

    /// Blocks the calling thread until ``open()``.
    package func pass() {
        arrivals.continuation.yield()
        opened.wait()
    }

    /// Returns when a thread waits at the gate.
    package func arrival() async { for await _ in arrivals.stream { return } }

    package func open() { opened.signal() }
}
