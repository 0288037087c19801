import Documents
import Hummingbird
import Jobs

extension JobFilter {
    /// The parameters of a query that make a filter.
    static let parameters: [Route.Parameter] = [
        Route.Parameter(
            name: "state",
            place: .query,
            about: "Only jobs in this state; several are separated by commas.",
            schema: ["type": "string"]
        ),
        Route.Parameter(name: "queue", place: .query, about: "Only jobs of this queue."),
        Route.Parameter(name: "workflow", place: .query, about: "Only jobs of this workflow."),
        Route.Parameter(name: "label", place: .query, about: "Only jobs with this label, as key=value; may be repeated."),
        Route.Parameter(name: "since", place: .query, about: "Accepted at this time or later; a time or a duration."),
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
        since = try query.time("since", now: now)
        for text in query.values("label") {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw Query.problem("label", "a label is key=value, not \(text)") }
            labels.append(Label(key: String(parts[0]), value: String(parts[1])))
        }
    }
}
