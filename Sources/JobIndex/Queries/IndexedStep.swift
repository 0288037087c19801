package import Documents
package import Jobs

/// The row of a step.
package struct IndexedStep: Sendable, Equatable {
    package var path: String
    package var kind: StepKind
    package var status: StepLedger.Status
    package var attempts: Int
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?
    /// The duration of the last attempt.
    package var durationMilliseconds: Int
    package var failureClass: FailureClass?
    /// What went wrong, on one line and cut short.
    package var message: String?
    /// The sequence number of the record that changed the step last; a row never replaces a newer one.
    package var seq: Int
}

extension IndexedStep {
    init(path: String, _ entry: StepLedger.Entry, seq: Int) {
        self.init(
            path: path,
            kind: entry.kind,
            status: entry.status,
            attempts: entry.attempts,
            startedAt: entry.startedAt,
            finishedAt: entry.finishedAt,
            durationMilliseconds: entry.durationMilliseconds,
            failureClass: entry.failure?.class,
            message: entry.failure.map { JobSummary.short($0.message) },
            seq: seq
        )
    }
}
