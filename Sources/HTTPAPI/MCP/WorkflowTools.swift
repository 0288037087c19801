import Daemon
import Documents
import Engine
import JSONSchema
import OrderedCollections
import Spool
import Workflow

/// The workflows of a catalog as tools.
struct WorkflowTools {
    /// The catalog's workflows, each with the queue that its jobs go to.
    ///
    /// That is the first queue whose default workflow it is, else the first one; only queues that take documents count.
    ///
    /// - Parameters:
    ///   - queues: Those that the caller may submit to.
    ///   - taken: The names of other tools; a workflow of such a name gets `_workflow` behind it.
    static func tools(_ catalog: Catalog, _ queues: [QueueSettings], taken: Set<String>) -> [OfferedTool] {
        var names = taken.union(catalog.workflows.keys)
        return catalog.workflows.compactMap { name, entry in
            let open = queues.filter { $0.names.leftAlone(Array(dropName(of: name).utf8)) == nil }
            guard let queue = open.first(where: { $0.workflow == name }) ?? open.first else { return nil }
            var toolName = name
            if taken.contains(name) {
                repeat { toolName += "_workflow" } while !names.insert(toolName).inserted
            }
            return tool(toolName, name, entry.workflow, queue)
        }
    }

    /// The name of the drop that a call writes.
    static func dropName(of workflow: String) -> String { "\(workflow).json" }

    private static func tool(
        _ name: String,
        _ workflow: String,
        _ definition: WorkflowDefinition,
        _ queue: QueueSettings
    ) -> OfferedTool {
        let (input, isWrapped) = input(definition.inputSchema?.source)
        let about = definition.summary ?? "Runs the workflow \(workflow)."
        return OfferedTool(
            name: name,
            about: about + " It runs as a job: when it takes long, or waits for a person, the answer is the job's id.",
            input: input,
            output: output(definition.outputSchema?.source),
            hints: OfferedTool.Hints(destroys: !definition.toolNames.isEmpty, reachesOut: true),
            action: .run(workflow: workflow, queue: queue.name, isWrapped: isWrapped)
        )
    }

    /// Keywords that clients, or the models behind them, do not take at the root: they drop the tool, or all tools.
    private static let rootless = ["allOf", "anyOf", "oneOf", "not", "$ref", "enum", "const"]

    /// The schema of the arguments, which must be an object with properties, and nothing else that says what is valid.
    ///
    /// - Returns: The schema; and whether the workflow's own is that of the one argument `input`.
    static func input(_ schema: JSON?) -> (schema: JSON, isWrapped: Bool) {
        guard let schema else { return (["type": "object", "properties": ["text": ["type": "string"]]], false) }
        guard let members = schema.object, !rootless.contains(where: { members[$0] != nil }) else {
            return (wrapped(schema), true)
        }
        let type = members["type"]
        guard type == nil || type == "object" || type?.array?.contains("object") == true else {
            return (wrapped(schema), true)
        }
        var object: OrderedDictionary<String, JSON> = ["type": "object"]
        object.merge(members) { own, _ in own }
        if object["properties"] == nil { object["properties"] = [:] }
        return (.object(object), false)
    }

    private static func wrapped(_ schema: JSON) -> JSON {
        // References to definitions begin at the root.
        JSON(members: [
            ("type", "object"), ("properties", ["input": schema]), ("required", ["input"]), ("$defs", schema["$defs"]),
        ])
    }

    /// The schema of the answer: the workflow's output, or where the job is while that is not there.
    ///
    /// Clients drop an answer that does not fit, and would lose the job's id.
    static func output(_ schema: JSON?) -> JSON? {
        guard let schema, schema["type"] == "object" else { return nil }
        return JSON(members: [
            ("type", "object"),
            (
                "anyOf",
                [
                    schema,
                    [
                        "type": "object", "required": ["job", "state"],
                        "properties": [
                            "job": ["type": "string"], "state": ["type": "string"],
                            "why": ["type": ["string", "null"]],
                        ],
                    ],
                ]
            ), ("$defs", schema["$defs"]),
        ])
    }
}
