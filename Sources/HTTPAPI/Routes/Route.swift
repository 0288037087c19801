import Documents
import HTTPTypes
import Hummingbird

/// One call of the API: where it is, who may make it, what it takes and answers.
struct Route: Sendable {
    /// A parameter in the path or the query.
    struct Parameter: Sendable {
        enum Place: String { case path, query, header }

        var name: String
        var place: Place
        var about: String
        /// A schema of JSON Schema.
        var schema: JSON = ["type": "string"]
    }

    /// A body that it takes or answers.
    struct Content: Sendable {
        var types: [String]
        var schema: JSON?
    }

    typealias Handler = @Sendable (Request, APIContext) async throws -> Response

    var method: HTTPRequest.Method
    /// With parameters as `{name}`.
    var path: String
    /// The operationId.
    var name: String
    var about: String
    /// The lowest role that may make the call; nil for every caller, also an unknown one.
    var role: Role?
    var parameters: [Parameter] = []
    var body: Content?
    /// The bodies of answers, by status, besides those of problems.
    var answers: [Int: Content]
    /// The statuses of problems that it may answer, besides 400, 401, 403, 404 and 500.
    var problems: [Int] = []
    var handler: Handler

    /// Answers a request of a caller with the role.
    func respond(to request: Request, _ context: APIContext) async throws -> Response {
        if let role {
            guard let caller = context.caller else { throw Problem.unauthorized("this needs a token") }
            guard caller.role >= role else {
                throw Problem(
                    .forbidden,
                    "\(caller.name) has the role \(caller.role.rawValue); this needs \(role.rawValue)"
                )
            }
        }
        return try await handler(request, context)
    }
}
