import Client
import Documents
import Hummingbird

/// Calls about the spool as a whole: health, status, queues.
struct SpoolRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    var routes: [Route] {
        [
            Route(
                method: .get,
                path: "/healthz",
                name: "health",
                about: "Says that the daemon's loop answers.",
                answers: [200: Route.Content(types: ["text/plain"])],
                handler: { _, _ in .text("ok\n") }
            ),
            Route(
                method: .get,
                path: "/api/v1/status",
                name: "status",
                about: "What agentspool status prints: counts by queue and state, nodes, what is stuck and why.",
                role: .observe,
                answers: [200: Route.Content(types: ["application/json"])],
                handler: { [api] _, _ in .json(try await StatusReport(of: api.client).json) }
            ),
        ]
    }
}
