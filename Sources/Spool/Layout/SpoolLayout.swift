package import Documents
package import Jobs

/// Names and paths of the spool, relative to its root (docs/formats.md, section 1).
package enum SpoolLayout {
    package static let configuration = "agentspool.yaml"
    package static let identity = "spool.id"
    package static let inbox = "inbox"
    package static let processing = "processing"
    package static let deferred = "deferred"
    package static let held = "held"
    package static let done = "done"
    package static let failed = "failed"
    package static let rejected = "rejected"
    package static let deliveries = "deliveries"
    package static let nodes = "nodes"
    package static let keys = "keys"
    package static let control = "control"
    package static let staging = "tmp"
    /// The socket of the API.
    package static let running = "run"
    package static let submitted = "submitted"

    package static let history = "history.jsonl"
    package static let result = "result.json"
    package static let error = "error.txt"
    package static let approval = "approval.json"
    package static let artifacts = "artifacts"

    /// Directories and their modes. Only the daemon uses job directories; the administrator opens others to submitters.
    package static let directories: [(name: String, mode: UInt32)] = [
        (inbox, 0o755), (processing, 0o700), (deferred, 0o700), (held, 0o700), (done, 0o700), (failed, 0o700),
        (rejected, 0o700), (deliveries, 0o700), (nodes, 0o755), (keys, 0o700), (control, 0o755), (staging, 0o755),
        (submitted, 0o700), (running, 0o755),
    ]

    package static func inbox(of queue: String) -> String { "\(inbox)/\(queue)" }

    package static func processing(of node: String) -> String { "\(processing)/\(node)" }

    /// The directory that holds jobs of this place, and the name that the job has in it.
    package static func location(of job: JobName, in place: Place, node: String) -> (directory: String, name: String) {
        switch place {
        case .processing: (processing(of: node), job.description)
        case .deferred(let until): (deferred, "\(until.compactText).\(job)")
        case .held: (held, job.description)
        case .done(let day): ("\(done)/\(day)", job.description)
        case .failed(let day): ("\(failed)/\(day)", job.description)
        }
    }

    /// The name under which a drop lies in an inbox on another filesystem while its copy becomes a job.
    static func carriedName(of job: JobName) -> String { carriedPrefix + job.description }

    /// The job of such a name; nil for any other name.
    package static func carriedJob(_ name: [UInt8]) -> JobName? {
        guard name.starts(with: carriedPrefix.utf8) else { return nil }
        return String(validating: name.dropFirst(carriedPrefix.utf8.count), as: UTF8.self).flatMap { JobName($0) }
    }

    private static let carriedPrefix = ".taken-"

    /// Reads a name in `deferred/`: its due time and the job.
    package static func deferredName(_ name: String) -> (due: Timestamp, job: JobName)? {
        guard let dot = name.firstIndex(of: "."), let due = Timestamp(compactText: name[..<dot]),
            let job = JobName(name[name.index(after: dot)...])
        else { return nil }
        return (due, job)
    }

    /// The directory with the marks that a node has in hand.
    package static func claimedDeliveries(of node: String) -> String { "\(deliveries)/\(node)" }

    /// The name of a mark that no node has in hand; ``deferredName(_:)`` reads it.
    package static func deliveryName(of job: JobName, due: Timestamp) -> String { "\(due.compactText).\(job)" }

    /// Whether a word may name a queue or a node: it becomes a directory's name.
    package static func isValidName(_ name: String) -> Bool {
        name.isPlainName(with: "._-", limit: 64) && name.first != "." && name.first != "-"
    }
}
