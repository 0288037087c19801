import Client
import Daemon
import Documents
import HTTPTypes
import Hummingbird
import JobIndex
import Jobs
import NIOCore
import OrderedCollections
import Spool

/// Calls that show jobs: lists and one job.
struct JobRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    static let id = Route.Parameter(
        name: "id",
        place: .path,
        about: "The job's id, a unique part of it (4 characters or more), or the dropped file's name."
    )
    static let json = Route.Content(types: ["application/json"])
    static let limitMax = 500

    var routes: [Route] {
        [
            Route(
                method: .get,
                path: "/api/v1/jobs",
                name: "listJobs",
                about: "Rows of jobs, newest first; of the caller's own jobs, unless it may see all.",
                role: .submit,
                parameters: JobFilter.parameters + [
                    Route.Parameter(
                        name: "limit",
                        place: .query,
                        about: "At most so many rows.",
                        schema: ["type": "integer", "minimum": 1, "maximum": 500, "default": 50]
                    )
                ],
                answers: [200: Self.json],
                handler: list
            ),
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}",
                name: "showJob",
                about: "A job's row, its steps and calls, its usage, and what it waits for.",
                role: .submit,
                parameters: [
                    Self.id,
                    Route.Parameter(
                        name: "wait",
                        place: .query,
                        about:
                            "Seconds to wait for a change, when If-None-Match has the present ETag or none is given.",
                        schema: ["type": "integer", "minimum": 0, "maximum": 3600]
                    ),
                ],
                answers: [200: Self.json],
                handler: show
            ),
        ]
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let names = Set(JobFilter.parameters.map(\.name) + ["limit"])
        let query = try Query(request, known: names)
        let limit = try query.int("limit", in: 1...Self.limitMax) ?? 50
        let caller = try context.requireCaller()
        var filter = try JobFilter(query, now: api.context.platform.wallClock.now)
        if !caller.seesAll { filter.owner = .exactly(caller.owner) }
        let listing = try await JobListing(of: api.client, filter, limit: limit)
        if let failure = listing.failure { throw failure }
        return .json(["data": .array(listing.rows.map(\.json)), "next": JSON(listing.next?.description)])
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = try Query(request, known: ["wait"])
        let (id, caller) = (try context.parameter("id"), try context.requireCaller())
        let patience = try query.wait()
        let lookup = JobLookup(api, caller)
        var row = try await lookup.summary(id)
        let asked = request.headers[.ifNoneMatch]
        if let patience, asked == nil || asked == row.etag {
            let before = row.etag
            row =
                try await JobWatch(api).first(of: row.job, within: patience) {
                    let now = try await lookup.summary(id)
                    return now.etag == before && !now.hasEnded ? nil : now
                } ?? row
        }
        if let asked, asked == row.etag {
            return Response(status: .notModified, headers: [.eTag: row.etag])
        }
        var response = Response.bytes(try await details(row), "application/json")
        response.headers[.eTag] = row.etag
        return response
    }

    /// The row with its steps and calls, all from the index.
    private func details(_ row: JobSummary) async throws -> ByteBuffer {
        if let known = api.details.answer(for: row.job, row.etag) { return known }
        guard let index = api.context.index() else { return ByteBuffer(bytes: row.json.bytes) }
        let (steps, models, tools) = (
            try await index.steps(of: row.job), try await index.modelCalls(of: row.job),
            try await index.toolCalls(of: row.job)
        )
        var members = row.json.object ?? [:]
        members["steps"] = .array(steps.map(\.json))
        members["model_calls"] = .array(models.map { $0.json(named: "model") })
        members["tool_calls"] = .array(tools.map { $0.json(named: "tool") })
        members["usage"] = IndexedCall.usage(models: models, tools: tools)
        members["waits_for"] = JSON(row.why)
        if row.state == .duplicate, let id = JobID(row.job) {
            let name = JobName(id: id, dropName: Array(row.name.utf8))
            members["duplicate_of"] = JSON(try api.client.spool.rejectionNote(of: name)?.duplicateOf?.text)
        }
        var answer = ByteBuffer(bytes: JSON.object(members).bytes)
        answer.writeInteger(UInt8(ascii: "\n"))
        api.details.keep(answer, for: row)
        return answer
    }
}

extension JobSummary {
    /// Changes with every record of the job, and with what it waits for.
    var etag: String { why.map { "\"\(seq)-\(StableHash.text(of: $0))\"" } ?? "\"\(seq)\"" }

    var hasEnded: Bool {
        switch state {
        case .done, .failed, .rejected, .duplicate: true
        case .waiting, .running, .deferred, .held: false
        }
    }
}
