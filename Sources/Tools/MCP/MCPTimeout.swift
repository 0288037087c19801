/// How long to wait for an answer.
struct MCPTimeout: Sendable {
    /// What restarts the timeout.
    enum Sign: Sendable {
        case nothing
        /// The server's progress notification for this request.
        case progress
        /// Any output of the process, also on standard error.
        case life
    }

    /// Counted from the begin (the request; for ``Sign/life`` the process's start) or from the last sign.
    var timeout: Duration
    var sign = Sign.nothing
    /// Counted from the begin, whatever the server reports.
    var maximum: Duration

    static func atMost(_ timeout: Duration) -> MCPTimeout { MCPTimeout(timeout: timeout, maximum: timeout) }

    static func progress(_ timeout: Duration, atMost maximum: Duration) -> MCPTimeout {
        MCPTimeout(timeout: timeout, sign: .progress, maximum: max(timeout, maximum))
    }

    static func life(_ timeout: Duration, atMost maximum: Duration) -> MCPTimeout {
        MCPTimeout(timeout: timeout, sign: .life, maximum: max(timeout, maximum))
    }

    /// The time that is left; zero or less when it is over.
    ///
    /// - Parameters:
    ///   - begin: Where the count begins, by the connection's age, as the other times.
    ///   - sign: When the last sign came; nil when none has.
    func left(since begin: Duration, sign: Duration?, now: Duration) -> Duration {
        min(max(begin, sign ?? begin) + timeout, begin + maximum) - now
    }
}
