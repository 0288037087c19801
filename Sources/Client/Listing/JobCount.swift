import JobIndex
package import Jobs

/// How many jobs of the index meet a filter, counted up to a limit.
package struct JobCount: Sendable, Equatable, CustomStringConvertible {
    package static let max = 10_000

    /// ``max`` where there are as many or more.
    package let count: Int
    /// Whether there are more than ``count``.
    package let isMore: Bool

    /// - Throws: ``ClientError`` when there is no index.
    package init(of client: SpoolClient, _ filter: JobFilter) async throws {
        do {
            let index = try client.openIndex()
            defer { index.close() }
            let found = try await index.count(filter, upTo: Self.max + 1)
            (count, isMore) = (min(found, Self.max), found > Self.max)
        } catch let error as IndexError {
            throw ClientError(error)
        }
    }

    package var description: String { "\(count)\(isMore ? "+" : "")" }
}
