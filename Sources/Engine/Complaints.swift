import Spool

/// Troubles that last, so that each is told once as it begins and once as it ends, and not with every try.
struct Complaints {
    /// What cannot be done for now.
    enum Subject: Hashable {
        case queue(String)
        case job(String)
        case request(String)
        case deferredJobs, requests, heartbeat, watches
    }

    private var causes: [Subject: String] = [:]

    /// Whether this is to be told: nothing was wrong there, or something else.
    mutating func isNews(_ error: any Error, about subject: Subject) -> Bool {
        let cause = (error as? SpoolError).map { "\($0.cause)" } ?? "\(error)"
        return causes.updateValue(cause, forKey: subject) != cause
    }

    /// Notes that it works; true when it was told before that it does not.
    mutating func end(_ subject: Subject) -> Bool { causes.removeValue(forKey: subject) != nil }

    /// Forgets what was told of requests that are not there any more.
    mutating func keepRequests(_ names: [String]) {
        let names = Set(names)
        causes = causes.filter { subject, _ in
            if case .request(let name) = subject { names.contains(name) } else { true }
        }
    }
}
