import Documents
import HTTPTypes
import Hummingbird
import NIOCore

/// `/mcp`: the Model Context Protocol over HTTP (Streamable HTTP).
struct MCPRoutes: Sendable {
    private let api: API

    init(_ api: API) { self.api = api }

    /// The longest message, in bytes.
    private static let sizeMax = 16 << 20

    private static func header(_ name: String, _ about: String) -> Route.Parameter {
        Route.Parameter(name: name, place: .header, about: about)
    }

    var routes: [Route] {
        [
            Route(
                method: .post,
                path: "/mcp",
                name: "mcp",
                about: "A message of the Model Context Protocol; docs/mcp.md.",
                role: .submit,
                parameters: [
                    Self.header("MCP-Protocol-Version", "The version, as in the message."),
                    Self.header("Mcp-Method", "The method, as in the message."),
                    Self.header("Mcp-Name", "The tool, as in the message."),
                ],
                body: Route.Content(types: ["application/json"]),
                answers: [200: JobRoutes.json, 202: JobRoutes.json],
                problems: [413],
                handler: answer
            )
        ]
            // A server without streams of its own and without sessions says so.
            + [HTTPRequest.Method.get, .delete].map { method in
                Route(
                    method: method,
                    path: "/mcp",
                    name: "\(method.rawValue.lowercased())MCP",
                    about: "Refused: there are no sessions, and no streams without a request.",
                    role: .submit,
                    answers: [:],
                    problems: [405],
                    handler: { _, _ in
                        var problem = Problem(.methodNotAllowed, "/mcp takes POST only")
                        problem.headers[.allow] = "POST"
                        throw problem
                    }
                )
            }
    }

    @Sendable private func answer(_ request: Request, _ context: APIContext) async throws -> Response {
        let caller = try context.requireCaller()
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.sizeMax)
        } catch is NIOTooManyBytesError {
            throw Problem(.contentTooLarge, "the message is larger than \(Self.sizeMax) bytes")
        }
        let headers = MCPHeaders(
            version: request.headers[.mcpProtocolVersion],
            method: request.headers[.mcpMethod],
            name: request.headers[.mcpName]
        )
        let face = MCPFace(toolbox: MCPJobs(api, caller))
        let answer = try await face.answer(to: Array(body.readableBytesView), headers)
        return answer.body.map { .json($0, status: answer.status) } ?? Response(status: answer.status)
    }
}

extension HTTPField.Name {
    fileprivate static let mcpProtocolVersion = Self("MCP-Protocol-Version")!  // A valid name.
    fileprivate static let mcpMethod = Self("Mcp-Method")!  // A valid name.
    fileprivate static let mcpName = Self("Mcp-Name")!  // A valid name.
}
