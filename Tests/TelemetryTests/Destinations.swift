import Dispatch
import Documents
import Jobs
import Logging
import Synchronization
import Telemetry

/// Keeps the entries that it gets.
final class RecordingDestination: LogDestination {
    private let kept = Mutex<[LogEntry]>([])

    var entries: [LogEntry] { kept.withLock { $0 } }

    func write(_ entry: LogEntry) -> Bool {
        kept.withLock { $0.append(entry) }
        return true
    }
}

/// Blocks in its first entry, as a stopped journal does, until it is opened.
final class BlockedDestination: LogDestination {
    private let recording = RecordingDestination()
    private let gate = DispatchSemaphore(value: 0)
    private let isOpen = Mutex(false)
    private let blocked: AsyncStream<Void>
    private let reportBlocked: AsyncStream<Void>.Continuation

    init() { (blocked, reportBlocked) = AsyncStream.makeStream() }

    var entries: [LogEntry] { recording.entries }

    func write(_ entry: LogEntry) -> Bool {
        if !isOpen.withLock({ $0 }) {
            reportBlocked.yield()
            gate.wait()
        }
        return recording.write(entry)
    }

    func waitUntilBlocked() async { for await _ in blocked { return } }

    func open() {
        isOpen.withLock { $0 = true }
        gate.signal()
    }
}

/// Does not take the first `count` entries.
final class RefusingDestination: LogDestination {
    private let recording = RecordingDestination()
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    var entries: [LogEntry] { recording.entries }

    func write(_ entry: LogEntry) -> Bool {
        let refuses = left.withLock { left in
            left -= 1
            return left >= 0
        }
        return refuses ? false : recording.write(entry)
    }
}

extension WallClock {
    /// 2026-11-23T07:00:00.123Z, always.
    static let standing = WallClock { Timestamp(milliseconds: 1_795_417_200_123) }
}

/// More than any flush takes on the slowest machine; reaching it is a failure.
let ample = Duration.seconds(120)
