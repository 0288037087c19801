/// What to do with an answer that a token limit cut.
package enum OnTruncated: String, Sendable, CaseIterable {
    /// The step fails.
    case fail
    /// The answer is kept, and marked as cut.
    case keep
}
