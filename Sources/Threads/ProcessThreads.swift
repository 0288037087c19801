@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// The threads of this process: a few on which syscalls may block, and one for timers.
package enum ProcessThreads {
    /// An fsync blocks one of them, and the others continue.
    package static let disk = WorkerThreads(count: 4)

    fileprivate static let timers = TimerThread()

    /// Makes every task without a preferred executor run on ``disk``, and sleep by the timer thread.
    ///
    /// So no task of this program names a preferred executor: a task that leaves an actor for a preferred executor is
    /// put into its queue, a task that leaves it for the default one continues on the same thread.
    ///
    /// Must be called before the first task leaves the main actor. Otherwise tasks run in Dispatch's pool, which from
    /// its first task on wakes the process once a second to count its threads.
    package static func runTasks() { _createExecutors(factory: Executors.self) }
}

private enum Executors: ExecutorFactory {
    static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }
    static var defaultExecutor: any TaskExecutor { ProcessThreads.disk }
}

extension WorkerThreads: SchedulingExecutor {
    package func enqueue<C: Clock>(
        _ job: consuming ExecutorJob,
        after delay: C.Duration,
        tolerance: C.Duration?,
        clock: C
    ) {
        guard let delay = delay as? Duration else {
            preconditionFailure("\(C.self) has to sleep by itself: its durations are no Swift.Duration")
        }
        let job = UnownedJob(job)
        ProcessThreads.timers.schedule(after: delay) { self.enqueue(ExecutorJob(job)) }
    }
}
