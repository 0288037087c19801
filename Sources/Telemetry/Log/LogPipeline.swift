import Dispatch
package import Documents
import Jobs
package import Logging
import Synchronization

/// The way from the daemon's loggers to the journal or stderr.
///
/// A call that logs puts an entry into a bounded queue and returns: neither a stopped journal nor a full pipe ever
/// holds up a job. One thread writes, so entries keep their order. Entries that the queue could not hold are counted,
/// and one entry says how many are missing and where. The thread ends when the pipeline and all its loggers are gone.
package final class LogPipeline: Sendable {
    /// The default capacity in entries: some seconds of a busy daemon, at most a few MiB in practice.
    package static let defaultCapacity = 8_192

    private let queue: LogQueue
    private let clock: WallClock
    /// An index into `Logger.Level.allCases`: it is read before every entry, so it is not behind a lock.
    private let levelIndex: Atomic<Int>

    /// Starts the writing thread.
    ///
    /// - Parameters:
    ///   - capacity: The most entries that wait; above it the oldest is dropped. At least 1.
    ///   - level: The lowest level that is logged by loggers without a level of their own.
    ///   - clock: Gives each entry its time.
    package init(
        destination: any LogDestination,
        capacity: Int = LogPipeline.defaultCapacity,
        level: Logger.Level = .info,
        clock: WallClock
    ) {
        queue = LogQueue(capacity: capacity)
        levelIndex = Atomic(level.index)
        self.clock = clock
        LogWriter.start(queue, destination: destination)
    }

    deinit { queue.close() }

    /// The lowest level that loggers without a level of their own log; may be changed at any time, for a reload.
    package var level: Logger.Level {
        get { Logger.Level.allCases[levelIndex.load(ordering: .relaxed)] }
        set { levelIndex.store(newValue.index, ordering: .relaxed) }
    }

    /// How many entries were lost so far: pushed out by newer ones, or not taken by the destination.
    package var lost: UInt64 { queue.lost }

    /// The handler of one logger; it keeps the pipeline alive.
    package func handler(label: String) -> AgentSpoolLogHandler { AgentSpoolLogHandler(label: label, pipeline: self) }

    /// A logger on this pipeline, for a caller that does not use `LoggingSystem`.
    package func logger(label: String) -> Logger { Logger(label: label) { self.handler(label: $0) } }

    /// Waits until everything logged before is written or lost, but not for longer than `limit`.
    ///
    /// For the end of the program; a cancelled task waits all the same.
    ///
    /// - Returns: Whether nothing is waiting any more.
    package func flush(within limit: Duration) async -> Bool {
        let queue = queue
        return await withCheckedContinuation { continuation in
            // A thread of its own, since it blocks.
            DispatchQueue(label: "agentspool.log.flush").async {
                continuation.resume(returning: queue.waitUntilSettled(within: limit))
            }
        }
    }

    func log(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        queue.append(
            LogEntry(
                at: clock.now,
                level: event.level,
                message: event.message.description,
                fields: LogEntry.fields(own: metadata, call: event.metadata, error: event.error),
                label: label,
                file: event.file,
                line: event.line,
                function: event.function
            )
        )
    }
}

extension Logger.Level {
    fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
