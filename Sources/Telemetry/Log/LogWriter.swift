import CLinux
import Documents
import Glibc
import Jobs
import Logging

/// The thread that takes entries out of the queue and writes them; the destination may block it.
///
/// It is a thread of its own, not a task: a stopped journal blocks it until the journal runs again.
struct LogWriter {
    private let queue: LogQueue
    private let destination: any LogDestination

    /// Starts the thread; it ends when the queue is closed and empty.
    static func start(_ queue: LogQueue, destination: any LogDestination) {
        let writer = Box(LogWriter(queue: queue, destination: destination))
        let argument = Unmanaged.passRetained(writer).toOpaque()
        // The thread inherits our mask: other threads handle signals, and SIGPIPE is only an error code here. Crash
        // signals stay unblocked, so that a backtrace can be made.
        var mask = sigset_t()
        var oldMask = sigset_t()
        sigfillset(&mask)
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGABRT] { sigdelset(&mask, crash) }
        pthread_sigmask(SIG_SETMASK, &mask, &oldMask)
        defer { pthread_sigmask(SIG_SETMASK, &oldMask, nil) }
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().writer.run() }
                return nil
            },
            argument
        )
        // A program that cannot start its first thread can do nothing else either.
        precondition(result == 0, "the thread that writes the log does not start: \(String(cString: strerror(result)))")
        pthread_detach(thread)
    }

    private final class Box {
        let writer: LogWriter
        init(_ writer: LogWriter) { self.writer = writer }
    }

    private func run() {
        _ = clinux_set_thread_name("log")
        while let batch = queue.next() {
            var untold: UInt64 = 0
            if batch.lostBefore > 0, !destination.write(Self.tell(batch.lostBefore, before: batch.entries[0])) {
                untold = batch.lostBefore
            }
            let lost = UInt64(destination.write(batch.entries))
            queue.finish(batch, lost: lost, untold: untold + lost)
        }
    }

    /// The entry that stands for `count` lost ones, with the time of the entry after them so that times ascend.
    private static func tell(_ count: UInt64, before next: LogEntry) -> LogEntry {
        LogEntry(
            at: next.at,
            level: .warning,
            message: "\(count) log entries are missing here, because the log did not take them fast enough",
            fields: [LogEntry.Field("lost", String(count))],
            label: "agentspool.log"
        )
    }
}
