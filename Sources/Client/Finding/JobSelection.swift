import JobIndex
package import Jobs
import Spool

/// The jobs that a request is about.
package enum JobSelection: Sendable, Equatable {
    /// By ids, unique parts of them, or dropped files' names: each must be there and fit the request.
    case named([String])
    /// Those of the index that fit the filter and the request.
    case matching(JobFilter)

    /// Whether every job must fit the request.
    var isStrict: Bool { if case .named = self { true } else { false } }

    /// What ``JobFinder`` finds the jobs by.
    ///
    /// - Throws: ``ClientError`` for a name that means no job or several; `IndexError`.
    func names(_ client: SpoolClient, _ finder: JobFinder) async throws -> [String] {
        switch self {
        case .named(let jobs):
            var found: [String] = []
            for job in jobs { found.append(try await finder.find(job).job.description) }
            return found
        case .matching(let filter):
            let index = try client.openIndex()
            defer { index.close() }
            return try await index.list(filter).map(\.job).filter { JobID($0) != nil }
        }
    }
}
