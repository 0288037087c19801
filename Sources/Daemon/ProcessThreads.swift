package import NIOCore
import NIOPosix
package import Spool
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) import _Concurrency

/// The threads of this process: a few on which syscalls may block, one for the network, one for timers.
package enum ProcessThreads {
    /// A flush waits in one, and the rest goes on beside it.
    package static let disk = DiskThreads(count: 4)

    /// One is enough for hundreds of models that think, and none of their answers changes threads on its way.
    package static let network: any EventLoopGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    fileprivate static let timers = TimerThread()

    /// Has every task run on ``disk`` that prefers no other executor, and sleep by a thread for timers.
    ///
    /// That is why no task of this program says that it prefers them: one that leaves an actor for an executor that it
    /// prefers is put into its queue, one that leaves it for the default goes on where it is.
    ///
    /// To be called before the first task leaves the main actor. Otherwise tasks run in Dispatch's pool, which from its
    /// first one on wakes the process once a second to count its threads.
    package static func runTasks() { _createExecutors(factory: Executors.self) }
}

private enum Executors: ExecutorFactory {
    static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }
    static var defaultExecutor: any TaskExecutor { ProcessThreads.disk }
}

extension DiskThreads: SchedulingExecutor {
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
