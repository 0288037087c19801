package import Documents

/// Which jobs are meant, when they are not named: those that meet all conditions. A list shows the newest first.
package struct JobFilter: Sendable, Equatable {
    package struct Label: Sendable, Hashable {
        package var key: String
        package var value: String

        package init(key: String, value: String) { (self.key, self.value) = (key, value) }
    }

    /// Empty means all states.
    package var states: Set<JobSummary.State>
    package var queue: String?
    package var workflow: String?
    /// A job must have all of these.
    package var labels: [Label]
    /// The job was accepted at this time or later.
    package var since: Timestamp?
    /// The most jobs; nil for all.
    package var limit: Int?

    package init(
        states: Set<JobSummary.State> = [],
        queue: String? = nil,
        workflow: String? = nil,
        labels: [Label] = [],
        since: Timestamp? = nil,
        limit: Int? = nil
    ) {
        (self.states, self.queue, self.workflow) = (states, queue, workflow)
        (self.labels, self.since, self.limit) = (labels, since, limit)
    }
}
