import Documents
import Jobs
import OrderedCollections

/// The tools about jobs that are there beside the workflows.
enum JobTools {
    /// - Parameter answers: Whether the caller may approve and deny.
    static func tools(answers: Bool) -> [OfferedTool] {
        answers ? own + [approve, deny] : own
    }

    /// The names, also of those that a caller does not see: a tool's name must not depend on who asks.
    static let names = Set((own + [approve, deny]).map(\.name))

    /// The parameters of `list_jobs`: the filter's, as the API has them, but how many there are.
    static let filterNames = JobFilter.parameters.map(\.name)
    static let limit = (default: 20, max: 100)

    private static let job: JSON = [
        "type": "string", "description": "The job's id, or a unique part of it of four characters or more.",
    ]
    private static let reason: JSON = ["type": "string", "description": "Why; it is recorded."]
    private static let reads = OfferedTool.Hints(readsOnly: true, isIdempotent: true)

    private static func input(_ properties: [(String, JSON?)], required: [JSON] = ["job"]) -> JSON {
        [
            "type": "object", "properties": JSON(members: properties), "required": .array(required),
            "additionalProperties": false,
        ]
    }

    private static let own = [
        OfferedTool(
            name: "job_status",
            about: "Says where a job is, why it waits, and which question it asks a person.",
            input: input([("job", job)]),
            hints: reads,
            action: .status
        ),
        OfferedTool(
            name: "job_result",
            about: "Gives the output of a job that has ended, or why it failed; waits for the end, if asked to.",
            input: input([
                ("job", job),
                (
                    "wait",
                    [
                        "type": "integer", "minimum": 0, "maximum": 25, "default": 0,
                        "description": "The most seconds to wait for the job's end.",
                    ]
                ),
            ]),
            hints: reads,
            action: .result
        ),
        OfferedTool(
            name: "list_jobs",
            about: "Lists jobs, the newest first; those of others only for callers who may see them.",
            input: input(
                JobFilter.parameters.map { parameter in
                    var schema = parameter.schema.object ?? [:]
                    schema["description"] = .string(parameter.about)
                    return (parameter.name, .object(schema))
                } + [
                    (
                        "limit",
                        [
                            "type": "integer", "minimum": 1, "maximum": .int(Int64(limit.max)),
                            "default": .int(Int64(limit.default)),
                        ]
                    )
                ],
                required: []
            ),
            hints: reads,
            action: .list
        ),
        OfferedTool(
            name: "cancel_job",
            about: "Cancels a job that has not ended.",
            input: input([("job", job), ("reason", reason)]),
            hints: OfferedTool.Hints(destroys: true, isIdempotent: true),
            action: .cancel
        ),
    ]

    private static let approve = OfferedTool(
        name: "approve_job",
        about: "Says yes to the call that a held job asks for, as job_status shows it under approval.",
        input: input([
            ("job", job), ("reason", reason),
            ("arguments", ["description": "Arguments in the place of those that the job asks for."]),
            (
                "hash",
                [
                    "type": "string",
                    "description": """
                    The arguments_hash that job_status shows: refused when the job asks for something else by then.
                    """,
                ]
            ),
        ]),
        hints: OfferedTool.Hints(destroys: true, reachesOut: true),
        action: .approve
    )

    private static let deny = OfferedTool(
        name: "deny_job",
        about: "Says no to the call that a held job asks for.",
        input: input([("job", job), ("reason", reason)]),
        hints: OfferedTool.Hints(destroys: true),
        action: .deny
    )
}
