import Spool

/// Decides which errors are logged: a lasting error once when it begins and once when it ends, not at every retry.
struct LogDeduplicator {
    /// What an error is about.
    enum Subject: Hashable {
        case queue(String)
        case job(String)
        case request(String)
        case deferredJobs, requests, heartbeat, watches
    }

    private var causes: [Subject: String] = [:]

    /// Whether to log this error: the subject had no error before, or one with another cause.
    mutating func isNews(_ error: any Error, about subject: Subject) -> Bool {
        let cause = (error as? SpoolError).map { "\($0.cause)" } ?? "\(error)"
        return causes.updateValue(cause, forKey: subject) != cause
    }

    /// Notes that the subject works again; true when an error about it was logged before.
    mutating func end(_ subject: Subject) -> Bool { causes.removeValue(forKey: subject) != nil }

    /// Forgets the errors of requests that no longer exist.
    mutating func keepRequests(_ names: [String]) {
        let names = Set(names)
        causes = causes.filter { subject, _ in
            if case .request(let name) = subject { names.contains(name) } else { true }
        }
    }
}
