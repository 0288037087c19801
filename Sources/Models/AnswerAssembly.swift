import Jobs

/// Puts the events of a stream together to the answer that the provider would have given without streaming.
protocol AnswerAssembly: Sendable {
    /// - Throws: ``StreamFault`` where the events make no answer.
    mutating func take(_ event: JSON) throws(StreamFault)
    /// True after the event that ends the stream; without one it may have been cut.
    var isDone: Bool { get }
    /// What has come so far. Where the stream was cut, it lacks why the answer ended.
    var answer: JSON { get }
    /// What the provider says was used, as far as it has said so.
    var usage: JSON? { get }
}

/// Why a stream gives no answer.
enum StreamFault: Error {
    /// The provider broke off, with this event.
    case error(JSON)
    /// What came makes no sense; the reason follows a colon.
    case garbage(String)
}
