package import Documents

/// How many lines of a completed batch failed.
package struct FailedLines: Sendable, Equatable {
    package var failed: Int
    package var total: Int

    /// The text in lists: `2 of 4 lines failed`.
    package var text: String { "\(failed) of \(total) lines failed" }

    /// Reads the output of a batch; nil when no line failed.
    package init?(output: JSON) {
        guard let counts = output["request_counts"], let failed = counts["failed"]?.int, failed > 0,
            let total = counts["total"]?.int
        else { return nil }
        (self.failed, self.total) = (failed, total)
    }
}
