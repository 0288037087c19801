import Client
import Daemon
import Documents
import Engine
import HTTPTypes
import Hummingbird
import JobIndex
import Jobs
import OrderedCollections
import Spool

/// Calls that ask the daemon to do something with a job: each writes a request into `control/`.
struct RequestRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    private static let verbs: [(verb: ControlRequest.Action, about: String)] = [
        (.cancel, "Cancels a job that has not ended."), (.retry, "Runs a failed job again from its failed step."),
        (.hold, "Holds a job until it is released."), (.release, "Lets a held job go on."),
        (.approve, "Says yes to the call that a held job waits for."),
        (.deny, "Says no to the call that a held job waits for."),
        (.deliver, "Delivers the results of a job again."),
    ]

    var routes: [Route] {
        Self.verbs.map { verb, about in
            Route(
                method: .post,
                path: "/api/v1/jobs/{id}/\(verb.rawValue)",
                name: "\(verb.rawValue)Job",
                about: about,
                role: .submit,
                parameters: [
                    JobRoutes.id, SubmitRoute.prefer,
                    Route.Parameter(name: "If-Match", place: .header, about: "The ETag that the job must still have."),
                ],
                body: Route.Content(types: ["application/json"]),
                answers: [200: JobRoutes.json, 202: JobRoutes.json],
                problems: [409, 412, 503],
                handler: { try await ask(verb, $0, $1) }
            )
        }
            + [
                Route(
                    method: .post,
                    path: "/api/v1/bulk/{verb}",
                    name: "bulk",
                    about: "Asks the same of every job that fits a filter; with dry_run it only counts them.",
                    role: .operate,
                    parameters: [
                        Route.Parameter(
                            name: "verb",
                            place: .path,
                            about: "What to do.",
                            schema: ["type": "string", "enum": .array(Self.bulkVerbs.map { .string($0.rawValue) })]
                        )
                    ],
                    body: Route.Content(types: ["application/json"]),
                    answers: [200: JobRoutes.json, 202: JobRoutes.json],
                    handler: bulk
                )
            ]
    }

    /// An approval is of one call that a person has read.
    private static let bulkVerbs: [ControlRequest.Action] = [.cancel, .retry, .hold, .release, .deny, .deliver]

    private func ask(
        _ verb: ControlRequest.Action,
        _ request: Request,
        _ context: APIContext
    ) async throws -> Response {
        let (id, caller) = (try context.parameter("id"), try context.requireCaller())
        let row = try await JobLookup(api, caller).summary(id)
        try checkAccess(caller, to: verb, row)
        if let match = request.headers[.ifMatch], match != "*", match != row.etag {
            throw Problem(.preconditionFailed, "the job has changed: its ETag is \(row.etag) now")
        }
        let (action, reason) = try await RequestBody(request).action(verb)
        let requests = JobRequests(api.client, action, reason: reason, onBehalfOf: caller.owner)
        do {
            if Preference.wait(request) != nil {
                var state = row.state.rawValue
                _ = try await requests.carryOut(on: .named([row.job])) { state = $0.state }
                var response = Response.json(["job": .string(row.job), "state": .string(state)])
                response.headers[.preferenceApplied] = "wait"
                return response
            }
            let files = try await requests.submit(on: .named([row.job]))
            return .json(["job": .string(row.job), "request": JSON(files.first)], status: .accepted)
        } catch let error as ClientError where error.kind == .data {
            throw Problem(.conflict, error.message)
        }
    }

    /// - Throws: ``Problem`` (403) when the caller may not do this to the job.
    func checkAccess(_ caller: Caller, to verb: ControlRequest.Action, _ row: JobSummary) throws(Problem) {
        if caller.operatesAll { return }
        let queue = api.context.inForce().configuration.catalog.queues[row.queue]
        guard caller.owns(row), queue?.ownerMay(verb) ?? (verb == .cancel) else {
            let hint = caller.owns(row) ? "owners_answer: true of the queue lets owners approve and deny" : nil
            throw Problem(.forbidden, "\(caller.name) may not \(verb.rawValue) this job; an operator may", hint: hint)
        }
    }

    @Sendable private func bulk(_ request: Request, _ context: APIContext) async throws -> Response {
        let (word, caller) = (try context.parameter("verb"), try context.requireCaller())
        guard let verb = Self.bulkVerbs.first(where: { $0.rawValue == word }) else {
            throw Problem.notFound("verb \(word); there are \(Self.bulkVerbs.map(\.rawValue).joined(separator: ", "))")
        }
        let body = try await RequestBody(request)
        let (filter, isDry) = try body.filter(now: api.context.platform.wallClock.now)
        let (action, reason) = try body.action(verb)
        let requests = JobRequests(api.client, action, reason: reason, onBehalfOf: caller.owner)
        if isDry {
            let jobs = try await requests.fitting(.matching(filter))
            return .json(["matched": .int(Int64(jobs.count)), "dry_run": true])
        }
        let (count, files) = try await requests.submitAll(on: .matching(filter))
        return .json(
            ["matched": .int(Int64(count)), "requests": .array(files.map(JSON.string))],
            status: .accepted
        )
    }
}
