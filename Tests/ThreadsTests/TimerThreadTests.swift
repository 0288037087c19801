import Documents
import Synchronization
import Testing

@testable import Threads

@Suite("The timer thread")
struct TimerThreadTests {
    @Test("Timers fire in the order of their deadlines, whatever the order in which they were set")
    func order() async {
        let timers = TimerThread()
        let woken = Mutex<[Int]>([])
        let end = AsyncStream.makeStream(of: Void.self)
        timers.schedule(after: .seconds(86_400 * 365)) { woken.withLock { $0.append(99) } }
        for number in [3, 1, 2] {
            timers.schedule(after: .milliseconds(10 * number)) {
                woken.withLock { $0.append(number) }
                if number == 3 { end.continuation.finish() }
            }
        }
        for await _ in end.stream {}
        #expect(woken.withLock { $0 } == [1, 2, 3])
    }

    @Test("A timer with a delay of zero or less fires at once, and one with the longest delay does not")
    func limits() async {
        let timers = TimerThread()
        timers.schedule(after: .seconds(Int64.max)) { Issue.record("woken") }
        for delay in [Duration.zero, .seconds(-1)] {
            await withCheckedContinuation { continuation in timers.schedule(after: delay) { continuation.resume() } }
        }
    }
}
