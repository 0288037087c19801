import Documents
import Jobs

extension JobFilter {
    /// The parameters of a query that make a filter.
    static let parameters: [Route.Parameter] = [
        Route.Parameter(
            name: "state",
            place: .query,
            about: "Only jobs in this state; several are separated by commas."
        ),
        Route.Parameter(name: "queue", place: .query, about: "Only jobs of this queue."),
        Route.Parameter(name: "workflow", place: .query, about: "Only jobs of this workflow."),
        Route.Parameter(name: "owner", place: .query, about: "Only jobs of the user or the token of this name."),
        Route.Parameter(
            name: "label",
            place: .query,
            about: "Only jobs with this label, as key=value; may be repeated."
        ),
        Route.Parameter(name: "since", place: .query, about: "Accepted at this time or later; a time or a duration."),
        Route.Parameter(name: "until", place: .query, about: "Accepted before this time; a time or a duration."),
        Route.Parameter(
            name: "q",
            place: .query,
            about: "A part of the name, the id, the reason, a label or the summary of an output."
        ),
        Route.Parameter(
            name: "sort",
            place: .query,
            about: "The order of the rows.",
            schema: ["type": "string", "enum": .array(JobFilter.Sort.allCases.map { .string($0.rawValue) })]
        ),
        Route.Parameter(name: "after", place: .query, about: "The next of an earlier answer: the rows behind it."),
    ]

    /// - Throws: ``Problem`` (400) with the parameter that is wrong.
    init(_ query: Query, now: Timestamp) throws(Problem) {
        self.init()
        for text in query.values("state").flatMap({ $0.split(separator: ",") }) {
            guard let state = JobSummary.State(rawValue: String(text)) else {
                let known = JobSummary.State.allCases.map(\.rawValue).joined(separator: ", ")
                throw Query.problem("state", "there is no state \(text); there are \(known)")
            }
            states.insert(state)
        }
        queue = try query.value("queue")
        workflow = try query.value("workflow")
        owner = try query.value("owner").map(OwnerCondition.named)
        since = try query.time("since", now: now)
        until = try query.time("until", now: now)
        text = try query.value("q").flatMap { $0.isEmpty ? nil : $0 }
        if let word = try query.value("sort") {
            guard let sort = Sort(rawValue: word) else {
                let known = Sort.allCases.map(\.rawValue).joined(separator: ", ")
                throw Query.problem("sort", "there is no order \(word); there are \(known)")
            }
            self.sort = sort
        }
        if let word = try query.value("after") {
            guard let cursor = JobCursor(word), cursor.sort == sort else {
                throw Query.problem("after", "\(word) is no place of a list in this order")
            }
            after = cursor
        }
        for text in query.values("label") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Query.problem("label", "a label is key=value, not \(text)") }
            labels.append(Label(key: String(parts[0]), value: String(parts[1])))
        }
    }
}
