import Documents
import Jobs

/// Why a request got no usable answer, and whether the server may have acted.
struct MCPRequestError: Error, Sendable {
    enum Reason: Sendable {
        /// No answer came in time.
        case noAnswer(Silence)
        /// An answer came that cannot be used; the reason is worded to follow "because".
        case unusable(String)
        /// An answer came that is longer than ``MCPConnection/lineMax``; its length in bytes.
        case tooLong(Int)
        /// The process ended, or takes no requests; the reason is worded to follow "because".
        case ended(String)
        case notStarted(Failure)
    }

    /// How the wait for an answer ran out.
    struct Silence: Sendable {
        var timeout: Duration
        /// Whether the server reported progress meanwhile.
        var hadSigns = false
        /// Whether the maximum ended the wait in spite of progress.
        var isMaximum = false
        /// The last invalid output of the server.
        var oddity: String?

        /// Worded to follow "the server".
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
