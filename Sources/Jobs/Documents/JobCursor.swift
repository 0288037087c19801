import Documents

/// A place in a list of jobs: behind the last job of a page.
///
/// It names the job's key in the order and no row number: rows that are added meanwhile, and an index that is made
/// again, move no job to another page.
package struct JobCursor: Sendable, Hashable, CustomStringConvertible {
    package var sort: JobFilter.Sort
    /// The job's value in the order; nil where it has none. Times are milliseconds.
    package var value: Double?
    package var job: String

    /// The place behind `row` in a list of this order.
    package init(behind row: JobSummary, _ sort: JobFilter.Sort) {
        (self.sort, job) = (sort, row.job)
        value =
            switch sort {
            case .newest, .oldest: row.acceptedAt.map { Double($0.milliseconds) }
            case .finished: row.finishedAt.map { Double($0.milliseconds) }
            case .cost: row.costUSD
            case .tokens: Double(row.tokens)
            }
    }

    private init(_ sort: JobFilter.Sort, _ value: Double?, _ job: String) {
        (self.sort, self.value, self.job) = (sort, value, job)
    }

    /// The place before the first job of the index, behind all drops in the inboxes.
    package static func start(_ sort: JobFilter.Sort) -> JobCursor { JobCursor(sort, nil, "") }

    /// Whether it is before the first job of the index.
    package var isStart: Bool { job.isEmpty }

    /// Reads ``description``; nil for any other text.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "~", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let sort = JobFilter.Sort(rawValue: String(parts[0])) else { return nil }
        let bits = UInt64(parts[1], radix: 16)
        if bits == nil, parts[1] != "-" { return nil }
        let value = bits.map(Double.init(bitPattern:))
        if let value, !value.isFinite { return nil }
        self.init(sort, value, String(parts[2]))
    }

    package var description: String {
        "\(sort.rawValue)~\(value.map { String($0.bitPattern, radix: 16) } ?? "-")~\(job)"
    }
}
