package import Documents
import JobIndex
package import Jobs

/// Which jobs are meant, when they are not named: those that meet all conditions.
package struct JobFilter: Sendable, Equatable {
    /// A label that a job must have.
    package struct Label: Sendable, Equatable {
        package var key: String
        package var value: String

        package init(key: String, value: String) { (self.key, self.value) = (key, value) }
    }

    package var state: JobSummary.State?
    package var queue: String?
    package var workflow: String?
    package var labels: [Label]
    /// The job was accepted at this time or later.
    package var since: Timestamp?

    package init(
        state: JobSummary.State? = nil,
        queue: String? = nil,
        workflow: String? = nil,
        labels: [Label] = [],
        since: Timestamp? = nil
    ) {
        (self.state, self.queue, self.workflow) = (state, queue, workflow)
        (self.labels, self.since) = (labels, since)
    }

    /// The filter as the index takes it, for at most so many rows; nil for all.
    func listFilter(limit: Int?) -> ListFilter {
        ListFilter(
            states: state.map { [$0] } ?? [],
            queue: queue,
            workflow: workflow,
            labels: labels.map { ListFilter.Label(key: $0.key, value: $0.value) },
            since: since,
            limit: limit
        )
    }
}
