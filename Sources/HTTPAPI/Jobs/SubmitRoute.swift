import Client
import Daemon
import Documents
import Engine
import HTTPTypes
import Hummingbird
import JobIndex
import Jobs
import NIOCore
import Spool

/// The call that submits a job.
struct SubmitRoute: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    var routes: [Route] {
        [
            Route(
                method: .post,
                path: "/api/v1/queues/{queue}/jobs",
                name: "submitJob",
                about: "Submits a job document, a batch or any other file; it is on disk when this answers.",
                role: .submit,
                parameters: [
                    Route.Parameter(name: "queue", place: .path, about: "The queue."),
                    Route.Parameter(name: "name", place: .query, about: "The drop's name; its ending says what it is."),
                    Route.Parameter(
                        name: "Idempotency-Key",
                        place: .header,
                        about: "A second submission with the key does not run: the first job is answered."
                    ),
                    Self.prefer,
                ],
                body: Route.Content(
                    types: [
                        "application/json", "application/yaml", "application/jsonl", "text/plain",
                        "application/octet-stream",
                    ]
                ),
                answers: [200: JobRoutes.json, 202: JobRoutes.json],
                problems: [409, 413, 415, 422, 429, 507],
                handler: submit
            )
        ]
    }

    static let prefer = Route.Parameter(
        name: "Prefer",
        place: .header,
        about: "wait=SECONDS waits so long at most for the end, or for a request's outcome (RFC 7240)."
    )

    @Sendable private func submit(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try context.requireCaller()
        let query = try Query(request, known: ["name"])
        let submission = Submission(
            queue: try context.parameter("queue"),
            name: try DropNaming.name(of: request, query.value("name")),
            key: try IdempotencyKeyHeader.read(request)
        )
        let outcome = try await Submitter(api, caller).submit(submission, request.body)
        let (job, isNew) = (outcome.job, outcome.isNew)
        var row = try await row(of: outcome, submission, caller)
        var status: HTTPResponse.Status = .accepted
        var headers: HTTPFields = [.location: "/api/v1/jobs/\(job)"]
        if let patience = Preference.wait(request) {
            headers[.preferenceApplied] = "wait=\(patience.components.seconds)"
            let lookup = JobLookup(api, caller)
            row =
                try await JobWatch(api).first(of: job.text, within: patience) {
                    let now = try await lookup.summary(job.text)
                    return now.hasEnded || now.state == .held ? now : nil
                } ?? row
        }
        if row.hasEnded { status = .ok }
        if !isNew { headers[.init("AgentSpool-Duplicate")!] = "true" }  // A valid name of a field.
        var response = Response.json(row.json, status: status)
        for header in headers { response.headers[header.name] = header.value }
        return response
    }

    private func row(of outcome: Submitter.Outcome, _ submission: Submission, _ caller: Caller) async throws
        -> JobSummary
    {
        if !outcome.isNew {
            do throws(any Error) {
                return try await JobLookup(api, caller).summary(outcome.job.text)
            } catch let problem as Problem where problem.status == .notFound {
                throw Problem(.conflict, "the idempotency key belongs to a job of another owner")
            }
        }
        var row = JobSummary(job: outcome.job.text, name: submission.name, queue: submission.queue, state: .waiting)
        (row.owner, row.ownerUID) = (caller.owner.name, caller.owner.uid)
        (row.reason, row.why) = ("in the inbox", "in the inbox")
        return row
    }
}

/// What a caller submits, besides the body.
struct Submission: Sendable {
    var queue: String
    var name: String
    var key: String?
}
