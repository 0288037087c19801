package import Documents
import Jobs
package import Logging

extension LogPipeline {
    /// The destination that fits how the program was started.
    ///
    /// The journal, natively, when `descriptor` leads there (`$JOURNAL_STREAM`) and its socket exists; otherwise lines
    /// of text on the descriptor.
    package static func destination(
        environment: [String: String],
        descriptor: Int32 = 2
    ) -> any LogDestination {
        let text = TextDestination(descriptor: descriptor)
        guard JournalStream.isConnected(environment: environment, descriptor: descriptor),
            JournalDestination.isPresent
        else { return text }
        return JournalDestination(fallback: text)
    }

    /// Makes the program's pipeline and gives it to swift-log's `LoggingSystem`, which allows that once per process.
    ///
    /// - Returns: The pipeline, for its level and for ``flush(within:)`` at the end.
    package static func bootstrap(
        environment: [String: String],
        level: Logger.Level = .info,
        clock: WallClock
    ) -> LogPipeline {
        let pipeline = LogPipeline(destination: destination(environment: environment), level: level, clock: clock)
        LoggingSystem.bootstrap { pipeline.handler(label: $0) }
        return pipeline
    }
}
