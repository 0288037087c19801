import CLinux
import DequeModule
import Dispatch
import Synchronization

/// The threads on which the spool's syscalls block, so that none blocks the cooperative pool.
///
/// They are also a task executor: a task on one of them makes its syscalls without a switch of threads, which costs
/// more than most of the calls. For the same reason a thread that enqueues work wakes no other thread, unless it is
/// about to block or two items wait.
///
/// Cancellation of the calling task does not stop the work: a known outcome must be recorded. The threads start on
/// demand, and live as long as the process.
package final class WorkerThreads: TaskExecutor {
    private enum Work {
        case job(UnownedJob)
        case body(@Sendable () -> Void)
    }

    private struct State {
        var waiting = Deque<Work>()
        /// One for each sleeping thread. The last was busy last: the processor's caches may still hold its data.
        var bells: [DispatchSemaphore] = []
        var started = 0
    }

    private enum ThreadWakeup {
        case none
        case sleeping(DispatchSemaphore)
        case new(Int)
    }

    private let count: Int
    private let state = Mutex(State())

    /// - Parameter count: The most threads, and so the most syscalls that block at once.
    package init(count: Int) { self.count = count }

    /// Runs `body` on one of the threads; at once when the caller is on one.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        if isCurrent {
            prepareToBlock()
            return try body()
        }
        return try await withCheckedThrowingContinuation { continuation in
            start { continuation.resume(with: Result(catching: body)) }
        }
    }

    package func enqueue(_ job: consuming ExecutorJob) { add(.job(UnownedJob(job))) }

    /// Runs `body` on one of the threads, and does not wait for it.
    package func start(_ body: @escaping @Sendable () -> Void) { add(.body(body)) }

    /// Whether the calling thread is one of these.
    package var isCurrent: Bool { clinux_thread_pool() == identity }

    /// To be called on one of the threads before it blocks for long: another thread takes over its next item.
    package func prepareToBlock() {
        guard clinux_thread_has_next() else { return }
        clinux_thread_set_has_next(false)
        summon(state.withLock { $0.waiting.isEmpty ? .none : next(&$0) })
    }

    private var identity: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private func add(_ work: Work) {
        let isCurrent = isCurrent
        let summons = state.withLock { state -> ThreadWakeup? in
            state.waiting.append(work)
            return isCurrent && state.waiting.count == 1 ? nil : next(&state)
        }
        if let summons { summon(summons) } else { clinux_thread_set_has_next(true) }
    }

    private func next(_ state: inout State) -> ThreadWakeup {
        if let bell = state.bells.popLast() { return .sleeping(bell) }
        if state.started == count { return .none }
        state.started += 1
        return .new(state.started)
    }

    private func summon(_ summons: ThreadWakeup) {
        switch summons {
        case .none: break
        case .sleeping(let bell): bell.signal()
        case .new(let number): DispatchQueue(label: "agentspool.disk").async { self.work(number) }
        }
    }

    private func work(_ number: Int) {
        clinux_set_thread_name("disk \(number)")
        clinux_thread_set_pool(identity)
        let bell = DispatchSemaphore(value: 0)
        var isSummoned = true
        while true {
            let work = state.withLock { state in
                if state.waiting.isEmpty { state.bells.append(bell) }
                // The thread woken last serves the newest item; older items have a thread that comes for them.
                return isSummoned ? state.waiting.popLast() : state.waiting.popFirst()
            }
            isSummoned = if case nil = work { true } else { false }
            clinux_thread_set_has_next(false)
            switch work {
            case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            case .body(let body): body()
            case nil: bell.wait()
            }
        }
    }
}
