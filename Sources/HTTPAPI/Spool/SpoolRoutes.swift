import Client
import Daemon
import Documents
import Engine
import Glibc
import HTTPTypes
import Hummingbird
import JobIndex
import Jobs
import OrderedCollections
import Spool

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
                path: "/readyz",
                name: "ready",
                about: "Says that recovery is done, the index is there, and the disk takes drops.",
                answers: [200: Route.Content(types: ["text/plain"])],
                problems: [503, 507],
                handler: { [api] _, _ in try ready(api) }
            ),
            Route(
                method: .get,
                path: "/api/v1/queues",
                name: "listQueues",
                about: "The queues that the caller may submit to; an observer sees all, with what lies in them.",
                role: .submit,
                answers: [200: Route.Content(types: ["application/json"])],
                handler: queues
            ),
            Route(
                method: .get,
                path: "/api/v1/status",
                name: "status",
                about: "What agentspool status prints: counts by queue and state, nodes, what is stuck and why; "
                    + "to a caller who may not see all, the same of its own jobs.",
                role: .submit,
                answers: [200: Route.Content(types: ["application/json"])],
                handler: { [api] _, context in
                    let caller = try context.requireCaller()
                    if caller.seesAll { return .json(try await StatusReport(of: api.client).json) }
                    return .json(try await StatusReport(of: api.client, owner: caller.owner).json)
                }
            ),
        ]
    }

    @Sendable private func queues(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try context.requireCaller()
        let open = Submitter(api, caller).queues
        let all = api.context.inForce().configuration.catalog.queues.values
        let counts = caller.seesAll ? try await api.context.index()?.counts() ?? [] : []
        let shown = caller.seesAll ? Array(all) : open
        return .json([
            "data": .array(
                shown.map { queue in
                    let own = counts.filter { $0.queue == queue.name }
                    return JSON(members: [
                        ("queue", .string(queue.name)), ("workflow", .string(queue.workflow)),
                        ("concurrency", .int(Int64(queue.concurrency))), ("priority", .int(Int64(queue.priority))),
                        ("max_size", .int(Int64(queue.sizeMax))),
                        ("max_waiting", queue.waitingMax.map { .int(Int64($0)) }),
                        ("may_submit", .bool(open.contains { $0.name == queue.name })),
                        (
                            "jobs",
                            caller.seesAll
                                ? JSON(members: own.map { ($0.state.rawValue, .int(Int64($0.count))) }) : nil
                        ),
                    ])
                }
            )
        ])
    }

    /// In bytes: a drop, its history and its result fit.
    private static let roomMin: UInt64 = 1 << 20

    private static func room(_ path: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_favail > 0 || status.f_files == 0 else { return nil }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }

    private func ready(_ api: API) throws(Problem) -> Response {
        guard api.context.isReady() else { throw Problem(.serviceUnavailable, "the daemon goes through what it left") }
        guard api.context.index() != nil else { throw Problem(.serviceUnavailable, "the index is being made anew") }
        guard let room = Self.room(api.context.spool.path), room >= Self.roomMin else {
            throw Problem(.init(code: 507, reasonPhrase: "Insufficient Storage"), "the disk of the spool is full")
        }
        return .text("ready\n")
    }
}
