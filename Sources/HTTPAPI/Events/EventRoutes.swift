import Client
import Daemon
import Documents
import HTTPTypes
import Hummingbird
import JobIndex
import Jobs
import Spool

/// Streams of events, from the histories themselves.
struct EventRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    private static let stream = Route.Content(types: ["text/event-stream"])
    private static let lastEvent = Route.Parameter(
        name: "Last-Event-ID",
        place: .header,
        about: "The id of the last event that was seen: the stream goes on after it."
    )

    var routes: [Route] {
        [
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}/events",
                name: "jobEvents",
                about: "The job's records as server-sent events, from the first one on, until it has ended.",
                role: .submit,
                parameters: [JobRoutes.id, Self.lastEvent],
                answers: [200: Self.stream],
                handler: ofJob
            ),
            Route(
                method: .get,
                path: "/api/v1/events",
                name: "events",
                about: "Records of all jobs as server-sent events, from now on or after Last-Event-ID; "
                    + "after a pause some may come again.",
                role: .observe,
                parameters: [Self.lastEvent],
                answers: [200: Self.stream],
                handler: ofAll
            ),
        ]
    }

    @Sendable private func ofJob(_ request: Request, _ context: APIContext) async throws -> Response {
        let (id, caller) = (try context.parameter("id"), try context.requireCaller())
        let row = try await JobLookup(api, caller).summary(id)
        guard let job = JobID(row.job) else { throw JobLookup.notFound(id) }
        let signals = api.changes.signals(of: job)
        let name = JobName(id: job, dropName: Array(row.name.utf8))
        let events = JobEvents(api.client.spool, name, after: request.headers[.lastEventID])
        return EventStream.response(signals, on: api.context.platform.clock) { _ in try await events.next() }
    }

    @Sendable private func ofAll(_ request: Request, _ context: APIContext) async throws -> Response {
        // Before the files are read, so that no record falls between the two.
        let signals = api.changes.records()
        let events = SpoolEvents(api, after: request.headers[.lastEventID])
        return EventStream.response(signals, on: api.context.platform.clock) { try await events.events($0) }
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = Self("Last-Event-ID")!  // A valid name.
}
