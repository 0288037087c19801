package import Jobs

extension JobSummary {
    /// The state as it is shown: `cancelled` says more than `failed`.
    package var shownState: String { state == .failed ? outcome ?? state.rawValue : state.rawValue }

    /// The reason as it is shown; for a job that is done, only remarks on its output.
    package var shownReason: String? { state == .done ? doneRemarks : why ?? reason }

    /// Failed lines of a batch, and cut answers.
    private var doneRemarks: String {
        [reason, isTruncated ? Self.truncation : nil].compactMap(\.self).joined(separator: "; ")
    }

    /// The note on a job with a model answer that was cut.
    package static let truncation = "truncated: an answer was cut at a limit"
}
