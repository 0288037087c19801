import DequeModule
import Dispatch
import Documents
import Glibc
import Jobs
import Logging
import Synchronization

/// The bounded queue between the callers that log, which never wait, and the one thread that writes.
///
/// When it is full the oldest entry is dropped: the newest ones say why nothing is written. The loss is reported in the
/// place of the lost entries.
final class LogQueue: Sendable {
    /// The most entries that the writer takes at once; a loss is reported at most once per batch.
    static let batchLimit = 64
    /// How long the writer sleeps after it has written all entries, in microseconds.
    private static let rest: UInt32 = 2_000

    private struct State {
        var waiting: Deque<LogEntry> = []
        /// How many entries ever came in.
        var accepted: UInt64 = 0
        /// How many of them, from the first on, are written or lost.
        var settled: UInt64 = 0
        var lost: UInt64 = 0
        /// The lost entries that no entry has reported yet.
        var untold: UInt64 = 0
        var isClosed = false
        var writerSleeps = false
    }

    private let capacity: Int
    private let state = Mutex(State())
    /// Only waited for without a timeout: libdispatch measures that by the wall clock, and a clock set back makes hours
    /// of it.
    private let wake = DispatchSemaphore(value: 0)

    init(capacity: Int) { self.capacity = max(1, capacity) }

    // MARK: Callers that log

    func append(_ entry: LogEntry) {
        let wakes = state.withLock { state in
            // After the close no thread writes.
            if state.isClosed { return false }
            if state.waiting.count >= capacity {
                state.waiting.removeFirst()
                state.lost += 1
                state.untold += 1
            }
            state.waiting.append(entry)
            state.accepted += 1
            defer { state.writerSleeps = false }
            return state.writerSleeps
        }
        if wakes { wake.signal() }
    }

    /// Lets the writer end after it has written the queue.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    /// How many entries were lost so far.
    var lost: UInt64 { state.withLock { $0.lost } }

    /// Blocks until what was appended before is settled, but not for longer than `limit`.
    func waitUntilSettled(within limit: Duration) -> Bool {
        let target = state.withLock { $0.accepted }
        let end = ContinuousClock.now + limit
        while state.withLock({ $0.settled < target }) {
            if ContinuousClock.now >= end { return false }
            // Polling, once at the end of the program: a semaphore's timeout goes by the wall clock.
            usleep(1_000)
        }
        return true
    }

    // MARK: The writer

    /// The next entries in order, with the number of those lost before; nil when the queue is closed and empty.
    ///
    /// Blocks while there are none.
    func next() -> Batch? {
        var hasRested = false
        while true {
            let next: Batch?? = state.withLock { state in
                if state.waiting.isEmpty {
                    if state.isClosed { return .some(nil) }
                    state.writerSleeps = hasRested
                    return nil
                }
                let entries = Array(state.waiting.prefix(Self.batchLimit))
                state.waiting.removeFirst(entries.count)
                defer { state.untold = 0 }
                return Batch(
                    entries: entries,
                    lostBefore: state.untold,
                    end: state.accepted - UInt64(state.waiting.count)
                )
            }
            if let next { return next }
            // Under load, a writer that sleeps a moment takes many entries at once, and no caller has to wake it.
            if hasRested { wake.wait() } else { usleep(Self.rest) }
            hasRested = true
        }
    }

    /// Ends a batch: `lost` of its entries did not arrive, and `untold` losses are still to be reported.
    func finish(_ batch: Batch, lost: UInt64, untold: UInt64) {
        state.withLock { state in
            state.settled = batch.end
            state.lost += lost
            state.untold += untold
        }
    }

    struct Batch {
        /// At least one.
        var entries: [LogEntry]
        /// How many entries are missing before these.
        var lostBefore: UInt64
        /// Every entry up to this number is in this batch, in one before it, or lost.
        var end: UInt64
    }
}
