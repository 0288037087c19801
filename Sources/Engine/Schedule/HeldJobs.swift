import Documents
import Jobs

/// The jobs in `held/`, and when their requests for approval expire.
struct HeldJobs {
    /// Every job that was seen in the directory, with its expiry; nil when it does not expire.
    private var expiries: [JobName: Timestamp?] = [:]
    /// Whether the directory may hold jobs that were not seen.
    var mustScan = true

    /// The earliest expiry.
    var nextExpiry: Timestamp? { expiries.values.compactMap(\.self).min() }

    func isKnown(_ job: JobName) -> Bool { expiries[job] != nil }

    mutating func add(_ job: JobName, expires: Timestamp?) { expiries[job] = .some(expires) }

    /// Forgets the jobs that are not held any more.
    mutating func keep(_ present: Set<JobName>) { expiries = expiries.filter { present.contains($0.key) } }

    /// Removes and returns the jobs whose requests have expired.
    mutating func takeExpired(at now: Timestamp) -> [JobName] {
        let expired = expiries.filter { $0.value.map { $0 <= now } ?? false }.keys.sorted { $0.id < $1.id }
        for job in expired { expiries[job] = nil }
        return expired
    }
}
