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
    /// The job was accepted before this time.
    package var until: Timestamp?
    package var owner: OwnerCondition?
    /// A part of the name, id, reason, labels or the summary of an output, in upper or lower case; case counts outside
    /// ASCII.
    package var text: String?
    package var sort = Sort.newest
    /// Only the jobs behind this place; its order must be the filter's.
    package var after: JobCursor?
    /// The most jobs; nil for all.
    package var limit: Int?

    /// Which owners are meant.
    package enum OwnerCondition: Sendable, Hashable {
        case exactly(Owner)
        /// Users and tokens of this name.
        case named(String)

        package func includes(_ owner: Owner) -> Bool {
            switch self {
            case .exactly(let wanted): owner == wanted
            case .named(let name): owner.name == name
            }
        }
    }

    /// The order of a list; equal jobs are in that of their ids.
    package enum Sort: String, Sendable, CaseIterable {
        /// The last accepted first.
        case newest
        case oldest
        /// The last finished first.
        case finished
        /// The most expensive first.
        case cost
        case tokens
    }

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
