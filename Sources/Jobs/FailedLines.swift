/// How many lines of a batch that is done have failed.
package struct FailedLines: Sendable, Equatable {
    package var failed: Int
    package var total: Int

    /// `2 of 4 lines failed`, as lists say it.
    package var text: String { "\(failed) of \(total) lines failed" }

    /// By the output of a batch; nil when no line failed.
    package init?(output: JSON) {
        guard let counts = output["request_counts"], let failed = counts["failed"]?.int, failed > 0,
            let total = counts["total"]?.int
        else { return nil }
        (self.failed, self.total) = (failed, total)
    }
}
