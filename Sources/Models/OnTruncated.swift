/// What is done with an answer that was cut at a limit of tokens.
package enum OnTruncated: String, Sendable, CaseIterable {
    /// The step fails.
    case fail
    /// The answer is taken, and marked.
    case keep
}
