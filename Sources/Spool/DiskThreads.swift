import CLinux
package import NIOPosix

/// The threads on which the spool's syscalls block, so that none blocks the cooperative pool.
///
/// They are a task executor, too: a task that prefers them makes its syscalls where it is, without a change of threads,
/// which costs more than most of the calls.
///
/// Unlike `NIOThreadPool.runIfActive`, work is done even when the calling task was cancelled: an outcome that
/// is known must be recorded.
package final class DiskThreads: TaskExecutor {
    private let pool: NIOThreadPool

    /// - Parameter pool: Started by the caller, and shut down by it after the last use.
    package init(_ pool: NIOThreadPool) { self.pool = pool }

    /// Runs `body` on one of the threads; at once when the caller is on one.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        if clinux_thread_is_for_blocking() { return try body() }
        return try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Result(catching: body)) }
        }
    }

    /// Runs `body` on one of the threads, and does not wait for it.
    func start(_ body: @escaping @Sendable () -> Void) {
        // A pool that is shut down hands the work back as cancelled; it is done all the same, on this thread.
        pool.submit { state in
            if case .active = state { clinux_thread_may_block() }
            body()
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        start { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
