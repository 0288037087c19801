import Documents
import Hummingbird
import OrderedCollections

/// `openapi.json`: OpenAPI 3.1, made of the routes themselves.
enum OpenAPIDocument {
    /// The route that answers it.
    ///
    /// - Parameter routes: Every route, this one included.
    static func route(_ routes: @Sendable @escaping () -> [Route]) -> Route {
        Route(
            method: .get,
            path: "/openapi.json",
            name: "openapi",
            about: "This document.",
            answers: [200: Route.Content(types: ["application/json"])],
            handler: { _, _ in .json(document(of: routes())) }
        )
    }

    static func document(of routes: [Route]) -> JSON {
        var paths: OrderedDictionary<String, JSON> = [:]
        for route in routes {
            let path = route.path.replacing("**", with: "{path}")
            var methods = paths[path]?.object ?? [:]
            methods[route.method.rawValue.lowercased()] = operation(route)
            paths[path] = .object(methods)
        }
        return [
            "openapi": "3.1.0",
            "info": ["title": "AgentSpool", "version": "1", "license": ["name": "Apache-2.0"]],
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": ["Problem": problem],
                "responses": [
                    "Problem": [
                        "description": "What is wrong (RFC 9457).",
                        "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
                    ]
                ],
            ],
        ]
    }

    private static let problem: JSON = [
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": [
            "type": ["type": "string"], "title": ["type": "string"], "status": ["type": "integer"],
            "detail": ["type": "string"], "line": ["type": "integer"], "member": ["type": "string"],
            "hint": ["type": "string"],
        ],
    ]

    private static func operation(_ route: Route) -> JSON {
        var answers: OrderedDictionary<String, JSON> = [:]
        for (status, content) in route.answers.sorted(by: { $0.key < $1.key }) {
            answers["\(status)"] = JSON(members: [
                ("description", .string(status < 300 ? "Done." : "See the status.")),
                ("content", self.content(content)),
            ])
        }
        let general = [400, 401, 403, 404, 408, 421, 500]
        for status in (general + route.problems).sorted() where answers["\(status)"] == nil {
            answers["\(status)"] = ["$ref": "#/components/responses/Problem"]
        }
        var parameters = route.parameters
        if route.path.contains("**") {
            parameters.append(Route.Parameter(name: "path", place: .path, about: "A path in the job's directory."))
        }
        return JSON(members: [
            ("operationId", .string(route.name)), ("summary", .string(route.about)),
            ("security", route.role == nil ? [] : [["token": []], [:]]),
            ("parameters", parameters.isEmpty ? nil : .array(parameters.map(\.json))),
            ("requestBody", route.body.map { ["content": content($0)] }), ("responses", .object(answers)),
        ])
    }

    private static func content(_ content: Route.Content) -> JSON {
        .object(
            OrderedDictionary(
                content.types.map { ($0, JSON(members: [("schema", content.schema)])) },
                uniquingKeysWith: { _, last in last }
            )
        )
    }
}

extension Route.Parameter {
    fileprivate var json: JSON {
        [
            "name": .string(name), "in": .string(place.rawValue), "required": .bool(place == .path),
            "description": .string(about), "schema": schema,
        ]
    }
}
