import Documents
import Jobs

/// Assembles the events of a stream into the answer that the provider would send without streaming.
protocol StreamAssembler: Sendable {
    /// - Throws: ``StreamFault`` when the events cannot form an answer.
    mutating func take(_ event: JSON) throws(StreamFault)
    /// True after the event that ends the stream; a stream that lacks it may have been cut off.
    var isDone: Bool { get }
    /// True once the answer is complete: only the usage may follow, and a server may leave the connection open.
    var isWhole: Bool { get }
    /// The answer so far. If the stream was cut off, it has no finish reason.
    var answer: JSON { get }
    /// The usage that the provider has reported so far.
    var usage: JSON? { get }
}

/// Why a stream yields no answer.
enum StreamFault: Error {
    /// The provider sent this error event.
    case error(JSON)
    /// The events are malformed; the text is the reason, to be written after a colon.
    case garbage(String)
}

enum StreamLimits {
    /// More choices, tool calls or blocks than any answer has; the limit keeps a faulty server from exhausting the
    /// memory.
    static let partsMax = 1_023
}
