import Jobs

/// Why there is no answer that can be used, and whether the server may have acted.
struct MCPLoss: Error, Sendable {
    enum Reason: Sendable {
        /// None came within the time that is meant for it.
        case noAnswer(Silence)
        /// One came that cannot be used, for a reason in words that go behind "because".
        case unusable(String)
        /// One came that is longer than ``MCPConnection/lineMax``; so many bytes.
        case tooLong(Int)
        /// In words that go behind "because".
        case ended(String)
        case notStarted(Failure)
    }

    /// How an answer was waited for in vain.
    struct Silence: Sendable {
        var timeout: Duration
        /// Whether the server had shown in between that it works on it.
        var hadSigns = false
        /// Whether it did so to the end, which the maximum set.
        var isMaximum = false
        /// What the server wrote instead that is no answer to any request.
        var oddity: String?

        /// In words that go behind "the server".
        var text: String {
            let words =
                if isMaximum {
                    "reported progress, but did not answer within \(timeout.text) (\"timeout_max\")"
                } else if hadSigns {
                    "did not answer within \(timeout.text) of its last sign of progress"
                } else {
                    "did not answer within \(timeout.text)"
                }
            return words + (oddity.map { "; \($0)" } ?? "")
        }
    }

    var reason: Reason
    var mayBeRead: Bool

    init(_ reason: Reason, mayBeRead: Bool) { (self.reason, self.mayBeRead) = (reason, mayBeRead) }
}
