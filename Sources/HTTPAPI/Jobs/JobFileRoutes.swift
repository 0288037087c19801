import Client
import Documents
import HTTPTypes
import Hummingbird
import Jobs
import NIOCore
import Spool

/// Calls that give a job's own files, whole: to its owner and to operators only.
struct JobFileRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    var routes: [Route] {
        [
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}/result",
                name: "jobResult",
                about: "result.json: outcome, output, error, usage; 409 while the job has not ended.",
                role: .submit,
                parameters: [JobRoutes.id],
                answers: [200: JobRoutes.json],
                problems: [409],
                handler: result
            ),
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}/history",
                name: "jobHistory",
                about: "history.jsonl, one record a line, up to its last whole record.",
                role: .submit,
                parameters: [
                    JobRoutes.id,
                    Route.Parameter(
                        name: "from",
                        place: .query,
                        about: "Only the whole lines from this byte on, where an earlier answer ended.",
                        schema: ["type": "integer", "minimum": 0]
                    ),
                ],
                answers: [200: Route.Content(types: ["application/jsonl"])],
                handler: history
            ),
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}/files",
                name: "listJobFiles",
                about: "The files of the job's directory.",
                role: .submit,
                parameters: [JobRoutes.id],
                answers: [200: JobRoutes.json],
                handler: list
            ),
            Route(
                method: .get,
                path: "/api/v1/jobs/{id}/files/**",
                name: "jobFile",
                about: "A file of the job's directory, by its path in there; Range asks for a part.",
                role: .submit,
                parameters: [JobRoutes.id],
                answers: [
                    200: Route.Content(types: ["application/octet-stream"]),
                    206: Route.Content(types: ["application/octet-stream"]),
                ],
                problems: [416],
                handler: file
            ),
        ]
    }

    /// The job's place, for a caller that may read all of it.
    private func place(_ context: APIContext) async throws -> (location: JobLocation, summary: JobSummary) {
        let (id, caller) = (try context.parameter("id"), try context.requireCaller())
        let found = try await JobLookup(api, caller).job(id)
        guard caller.operatesAll || caller.owns(found.summary) else {
            throw Problem(.forbidden, "whole inputs and outputs are given to the job's owner and to operators only")
        }
        if let location = found.location { return (location, found.summary) }
        let why = found.summary.reason.map { ": \($0)" } ?? ""
        throw Problem(.conflict, "\(found.summary.job) is \(found.summary.state.rawValue) and has no directory\(why)")
    }

    @Sendable private func result(_ request: Request, _ context: APIContext) async throws -> Response {
        let (location, summary) = try await place(context)
        guard let history = try api.client.spool.history(of: location) else {
            throw JobLookup.notFound(summary.job)
        }
        let replay = JobReplay(name: location.job, records: history.records)
        guard replay.outcome != nil else {
            let why = summary.why.map { ": \($0)" } ?? ""
            throw Problem(.conflict, "the job is \(replay.life.state.name) and has no result yet\(why)")
        }
        return .json(JobResult(replay).json)
    }

    @Sendable private func history(_ request: Request, _ context: APIContext) async throws -> Response {
        let (location, _) = try await place(context)
        let spool = api.client.spool
        if let from = try Query(request, known: ["from"]).int("from", in: 0...Int.max) {
            guard let file = try spool.openHistory(of: location) else { throw JobLookup.notFound(location.job.id.text) }
            let lines = try spool.wholeLines(of: file, from: from, of: location.job)
            return .bytes(ByteBuffer(bytes: lines), "application/jsonl")
        }
        guard let bytes = try spool.contents(of: SpoolLayout.history, in: location) else {
            throw JobLookup.notFound(location.job.id.text)
        }
        let length = HistoryContents(bytes).validLength
        var response = Response.bytes(ByteBuffer(bytes: bytes.prefix(length)), "application/jsonl")
        let isInHand = try NodeLock.isInHand(location, of: spool)
        response.headers[.init("AgentSpool-Path")!] = location.path  // A valid name of a field.
        response.headers[.init("AgentSpool-In-Hand")!] = isInHand ? "true" : "false"  // A valid name of a field.
        return response
    }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let (location, _) = try await place(context)
        let files = try JobDirectory(api.client.spool, location).files()
        return .json([
            "data": .array(files.map { ["name": .string($0.path), "bytes": .int(Int64($0.size))] })
        ])
    }

    @Sendable private func file(_ request: Request, _ context: APIContext) async throws -> Response {
        let (location, _) = try await place(context)
        let path = try context.parameters.getCatchAll().map { name throws(Problem) in
            try PercentEncoding.decode(name)
        }
        let file = try JobDirectory(api.client.spool, location).open(path)
        return try FileAnswer(file, api.client.spool.fileSystem, type: "application/octet-stream").response(to: request)
    }
}
