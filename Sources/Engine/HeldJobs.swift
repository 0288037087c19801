import Jobs

/// The jobs in `held/` that wait for an answer only until some moment.
struct HeldJobs {
    /// Every job in the directory that was looked at, with the end of its patience.
    private var expiries: [JobName: Timestamp?] = [:]
    /// Whether the directory may hold jobs that were not looked at.
    var mustScan = true

    /// The moment at which the first of them has waited too long.
    var nextExpiry: Timestamp? { expiries.values.compactMap(\.self).min() }

    func isKnown(_ job: JobName) -> Bool { expiries[job] != nil }

    mutating func add(_ job: JobName, expires: Timestamp?) { expiries[job] = .some(expires) }

    /// Forgets the jobs that are not held any more.
    mutating func keep(_ present: Set<JobName>) { expiries = expiries.filter { present.contains($0.key) } }

    /// Takes those that have waited too long.
    mutating func takeExpired(at now: Timestamp) -> [JobName] {
        let expired = expiries.filter { $0.value.map { $0 <= now } ?? false }.keys.sorted { $0.id < $1.id }
        for job in expired { expiries[job] = nil }
        return expired
    }
}
