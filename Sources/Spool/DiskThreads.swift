package import NIOPosix

/// The threads on which the spool's syscalls block, so that none blocks the cooperative pool.
///
/// Unlike `NIOThreadPool.runIfActive`, work is done even when the calling task was cancelled: an outcome that
/// is known must be recorded.
package struct DiskThreads: Sendable {
    private let pool: NIOThreadPool

    /// - Parameter pool: Started by the caller, and shut down by it after the last use.
    package init(_ pool: NIOThreadPool) { self.pool = pool }

    /// Runs `body` on one of the threads.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs `body` on one of the threads, and does not wait for it.
    func start(_ body: @escaping @Sendable () -> Void) {
        // A pool that is shut down hands the work back as cancelled; it is done all the same, on this thread.
        pool.submit { _ in body() }
    }
}
