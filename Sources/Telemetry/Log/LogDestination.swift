/// Where log entries end up.
///
/// Only the pipeline's own thread calls it, one entry after the other, so it may block for as long as it must.
package protocol LogDestination: Sendable {
    /// Writes one entry.
    ///
    /// - Returns: Whether it arrived; the pipeline counts the others as lost.
    func write(_ entry: LogEntry) -> Bool

    /// Writes entries, in their order.
    ///
    /// - Returns: How many did not arrive.
    func write(_ entries: [LogEntry]) -> Int
}

extension LogDestination {
    package func write(_ entries: [LogEntry]) -> Int { entries.count { !write($0) } }
}
