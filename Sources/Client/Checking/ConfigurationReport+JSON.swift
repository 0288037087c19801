package import Documents

extension ConfigurationReport {
    package var json: JSON {
        [
            "configuration": .string(path), "ok": true,
            "queues": .array(
                queues.map { queue in
                    [
                        "queue": .string(queue.name), "workflow": .string(queue.workflow),
                        "concurrency": .int(Int64(queue.concurrency)), "priority": .int(Int64(queue.priority)),
                        "delivery": .array(queue.delivery.map(JSON.string)),
                    ]
                }
            ),
            "workflows": .array(
                workflows.map { workflow in
                    [
                        "workflow": .string(workflow.name),
                        "steps": .array(workflow.steps.map(JSON.string)),
                        "models": .array(workflow.models.map(JSON.string)),
                        "tools": .array(workflow.tools.map(JSON.string)),
                    ]
                }
            ),
            "delivery_faults": .array(deliveryFaults.map(JSON.string)),
            "connections": .array(connections.map(JSON.string)),
            "mcp_servers": .array(
                servers.map { server in
                    [
                        "server": .string(server.name), "command": .array(server.command.map(JSON.string)),
                        "tools": .array(server.tools.map(JSON.string)),
                    ]
                }
            ),
        ]
    }

    /// What is wrong with the configuration at `path`.
    package static func json(of error: DocumentError, at path: String) -> JSON {
        [
            "configuration": .string(path), "ok": false, "line": error.line.map { .int(Int64($0)) } ?? .null,
            "path": .string(error.path.joined(separator: ".")), "reason": .string(error.reason),
        ]
    }
}
