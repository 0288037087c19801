import Documents

/// A tool that the spool offers to clients of MCP.
struct OfferedTool: Sendable, Equatable {
    /// What a call of it does.
    enum Action: Sendable, Equatable {
        /// - isWrapped: Whether the job's input is the argument `input`, because the workflow's schema asks for no object.
        case run(workflow: String, queue: String, isWrapped: Bool)
        case status, result, list, cancel, approve, deny
    }

    /// Hints for clients, all four of them, as they are true.
    struct Hints: Sendable, Equatable {
        var readsOnly = false
        var destroys = false
        var isIdempotent = false
        var reachesOut = false
    }

    var name: String
    var about: String
    /// A schema whose type is `object`.
    var input: JSON
    /// A schema whose type is `object`; nil when nothing says what comes back.
    var output: JSON?
    var hints: Hints
    var action: Action

    /// Whether it may be called as a task (MCP 2025-11-25).
    private var mayBeTask: Bool { if case .run = action { true } else { false } }

    var json: JSON {
        JSON(members: [
            ("name", .string(name)), ("description", .string(about)), ("inputSchema", input), ("outputSchema", output),
            (
                "annotations",
                [
                    "readOnlyHint": .bool(hints.readsOnly), "destructiveHint": .bool(hints.destroys),
                    "idempotentHint": .bool(hints.isIdempotent), "openWorldHint": .bool(hints.reachesOut),
                ]
            ),
            ("execution", mayBeTask ? ["taskSupport": "optional"] : JSON?.none),
        ])
    }
}
