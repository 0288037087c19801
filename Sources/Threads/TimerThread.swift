import CLinux
import Dispatch
import Glibc
import HeapModule
import Synchronization

/// The thread that runs timers.
///
/// It is a thread of its own, because most timers are timeouts that are far away and never reached: here a new timer
/// wakes the thread only when it is the earliest, on an event loop each one does.
///
/// It waits in poll(2), whose timeout is monotonic. Libdispatch's semaphores use the wall clock (sem_timedwait(3)):
/// when that is set back by five hours, every sleep would last five hours longer.
final class TimerThread: Sendable {
    private struct Timer: Comparable {
        let deadline: DispatchTime
        /// Orders timers with the same deadline: the earlier one comes first.
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

    /// The longest delay: a century, which can be counted in nanoseconds.
    private static let delayMax = Duration.seconds(100 * 365 * 86_400)

    private let state = Mutex(State())
    private let bell: Int32

    /// Starts the thread, which lives as long as the process.
    init() {
        bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(bell >= 0, "no descriptor is left for the timers: \(String(cString: strerror(errno)))")
        DispatchQueue(label: "agentspool.timer").async { self.run() }
    }

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
        guard isFirst else { return }
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    private func run() {
        clinux_set_thread_name("timer")
        while true {
            let (due, next) = state.withLock { state -> ([Timer], DispatchTime?) in
                var due: [Timer] = []
                let now = DispatchTime.now()
                while let first = state.timers.min, first.deadline <= now { due.append(state.timers.removeMin()) }
                return (due, state.timers.min?.deadline)
            }
            for timer in due { timer.body() }
            if due.isEmpty { wait(until: next) }
        }
    }

    /// Waits for the eventfd or `time`, in whole milliseconds and for some days at most: the loop then waits again.
    private func wait(until time: DispatchTime?) {
        var polled = pollfd(fd: bell, events: Int16(POLLIN), revents: 0)
        var milliseconds: Int32 = -1
        if let time {
            let now = DispatchTime.now()
            let left = time > now ? (time.uptimeNanoseconds - now.uptimeNanoseconds + 999_999) / 1_000_000 : 0
            milliseconds = Int32(clamping: left)
        }
        guard poll(&polled, 1, milliseconds) > 0 else { return }
        var count: UInt64 = 0
        _ = read(bell, &count, 8)
    }
}
