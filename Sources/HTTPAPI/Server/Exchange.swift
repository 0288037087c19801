import Daemon
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// Answers the requests of one connection.
struct Exchange: Sendable {
    let api: API
    let peer: Peer
    let responder: RouterResponder<APIContext>

    /// Answers one request; errors become problems, never a closed connection.
    @concurrent func answer(_ request: Request, _ writer: consuming ResponseWriter) async throws {
        var response: Response
        do {
            let caller = try admit(request)
            if request.headers[.expect]?.lowercased() == "100-continue" {
                try await writer.writeInformationalHead(HTTPResponse(status: .continue))
            }
            response = try await respond(to: request, caller)
        } catch {
            if Task.isCancelled { throw error }
            response = Problem(error).response
        }
        response.headers[.cacheControl] = response.headers[.cacheControl] ?? "no-store"
        response.headers[.xContentTypeOptions] = "nosniff"
        try await writer.write(response: response.head, body: response.body)
    }

    /// The caller; nil for one that has shown nothing yet and may only see what everybody may.
    private func admit(_ request: Request) throws(Problem) -> Caller? {
        let rules = api.rules
        if case .address = peer { try HostCheck(rules.settings).check(request) }
        try OriginCheck.check(request)
        if let authorization = request.headers[.authorization] {
            guard let token = BearerToken.read(authorization), let caller = rules.caller(token: token) else {
                throw Problem.unauthorized("the token is not known")
            }
            return caller
        }
        guard case .process(let uid) = peer else { return nil }
        return rules.caller(uid: uid, groups: api.groups.of(uid))
    }

    private func respond(to request: Request, _ caller: Caller?) async throws -> Response {
        let isHead = request.method == .head
        let request = isHead ? request.asGet : request
        let source = APIContext.Source(logger: api.context.logger, caller: caller)
        let response = try await responder.respond(to: request, context: APIContext(source: source))
        // The router's own answer, which has no body.
        if response.status == .notFound, response.headers[.contentType] == nil {
            throw Problem.notFound("call \(request.method) \(request.uri.path); GET /openapi.json lists what there is")
        }
        return isHead ? Response(status: response.status, headers: response.headers) : response
    }
}

extension Request {
    /// The GET whose head a HEAD asks for (RFC 9110, section 9.3.2).
    fileprivate var asGet: Request {
        var head = head
        head.method = .get
        return Request(head: head, body: body)
    }
}
