/// How long an answer is waited for.
struct MCPPatience: Sendable {
    /// What the time is counted from anew.
    enum Sign: Sendable {
        case nothing
        /// The server's notification that it goes on with this very request.
        case progress
        /// Anything that the process writes, to standard error, too.
        case life
    }

    /// Since the request, or since the last sign; of signs of life since the process was started.
    var timeout: Duration
    var sign = Sign.nothing
    /// From the same begin, whatever the server says.
    var maximum: Duration

    static func atMost(_ timeout: Duration) -> MCPPatience { MCPPatience(timeout: timeout, maximum: timeout) }

    static func progress(_ timeout: Duration, atMost maximum: Duration) -> MCPPatience {
        MCPPatience(timeout: timeout, sign: .progress, maximum: max(timeout, maximum))
    }

    static func life(_ timeout: Duration, atMost maximum: Duration) -> MCPPatience {
        MCPPatience(timeout: timeout, sign: .life, maximum: max(timeout, maximum))
    }

    /// How much is left of it; zero or less when it is over.
    ///
    /// - Parameters:
    ///   - begin: What it is counted from, by the connection's age, as the others.
    ///   - sign: When the last sign came; nil when none has.
    func left(since begin: Duration, sign: Duration?, now: Duration) -> Duration {
        min(max(begin, sign ?? begin) + timeout, begin + maximum) - now
    }
}
