import CLinux
import Dispatch
import HeapModule
import Synchronization

/// The thread that wakes who sleeps.
///
/// A thread of its own, because most timers are time-outs that are far away and are never waited for to the end: here
/// only one that comes before all others wakes a thread when it is set, on an event loop each does.
final class TimerThread: Sendable {
    private struct Timer: Comparable {
        let deadline: DispatchTime
        /// Of two with one deadline the earlier one comes first.
        let number: Int
        let body: @Sendable () -> Void

        static func < (left: Timer, right: Timer) -> Bool {
            (left.deadline, left.number) < (right.deadline, right.number)
        }

        static func == (left: Timer, right: Timer) -> Bool { left.number == right.number }
    }

    private struct State {
        var timers = Heap<Timer>()
        var count = 0
    }

    /// A century, which can be counted in nanoseconds.
    private static let delayMax = Duration.seconds(100 * 365 * 86_400)

    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)

    /// Starts the thread, which lives as long as the process.
    init() { DispatchQueue(label: "agentspool.timer").async { self.run() } }

    /// Calls `body`, which must not block, when `delay` is over.
    func schedule(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
        let (seconds, attoseconds) = min(max(delay, .zero), Self.delayMax).components
        let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        let isFirst = state.withLock { state in
            state.count += 1
            let timer = Timer(deadline: .now() + .nanoseconds(nanoseconds), number: state.count, body: body)
            state.timers.insert(timer)
            return state.timers.min == timer
        }
        if isFirst { bell.signal() }
    }

    private func run() {
        clinux_set_thread_name("timer")
        while true {
            let (due, next) = state.withLock { state -> ([Timer], DispatchTime) in
                var due: [Timer] = []
                let now = DispatchTime.now()
                while let first = state.timers.min, first.deadline <= now { due.append(state.timers.removeMin()) }
                return (due, state.timers.min?.deadline ?? .distantFuture)
            }
            for timer in due { timer.body() }
            if due.isEmpty { _ = bell.wait(timeout: next) }
        }
    }
}
