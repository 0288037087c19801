package import Jobs
package import Spool

/// Why a drop that is written for a user or a token did not become one; nothing of it is left in the spool.
package enum SubmissionError: Error, Sendable, CustomStringConvertible {
    case unknownQueue(String, known: [String])
    /// The queue takes no drop of such a name.
    case badName(String, reason: String)
    /// In bytes.
    case tooLarge(limit: Int)
    /// It is no JSON, YAML or batch; the text says which line, and what was expected.
    case malformed(String)
    /// It can be read, and a schema or a rule refuses it.
    case refused(String)
    /// The idempotency key was used for another input.
    case keyUsed(String, by: JobID)
    /// The writer was finished or aborted before.
    case ended
    case disk(SpoolError)

    package var description: String {
        switch self {
        case .unknownQueue(let queue, let known):
            "there is no queue \"\(queue)\"; there are: \(known.joined(separator: ", "))"
        case .badName(let name, let reason): "the name \"\(name)\" \(reason)"
        case .tooLarge(let limit): "it is larger than \(limit) bytes, the most that the queue takes"
        case .malformed(let text), .refused(let text): text
        case .keyUsed(let key, let job): "the key \(key) was used by job \(job) for another input"
        case .ended: "this drop was finished or given up before"
        case .disk(let error): "\(error)"
        }
    }
}
