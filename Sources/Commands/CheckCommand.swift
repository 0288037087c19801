import ArgumentParser
import Daemon
import Documents
import Engine
import Jobs
import OrderedCollections
import Tools
import Workflow

struct CheckCommand: SpoolCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check the configuration, and say what each queue would do."
    )

    @OptionGroup var options: SpoolOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform() async throws {
        let path = options.configurationPath
        let configuration: SpoolConfiguration
        do throws(DocumentError) {
            configuration = try ConfigurationFile.load(path)
        } catch {
            if json {
                Terminal.print([
                    "configuration": .string(path), "ok": false, "line": error.line.map { .int(Int64($0)) } ?? .null,
                    "path": .string(error.path.joined(separator: ".")), "reason": .string(error.reason),
                ])
                throw ExitCode.configuration
            }
            throw error
        }
        let catalog = configuration.catalog
        if json { return Terminal.print(Self.json(path, configuration)) }
        Terminal.print("\(path) is good.\n")
        var table = Table(
            ["QUEUE", "WORKFLOW", "STEPS", "MODELS", "TOOLS", "CONCURRENCY", "PRIORITY"],
            numbers: [5, 6]
        )
        for queue in catalog.queues.values {
            let workflow = catalog.workflows[queue.workflow]?.workflow
            table.add([
                Table.Cell(queue.name, .bold), Table.Cell(queue.workflow),
                Table.Cell(workflow?.steps.map(\.id).joined(separator: " → ")),
                Table.Cell(workflow?.modelNames.sorted().joined(separator: ", ")),
                Table.Cell(workflow?.toolNames.sorted().joined(separator: ", ")),
                Table.Cell(String(queue.concurrency)), Table.Cell(String(queue.priority)),
            ])
        }
        Terminal.print(table.text)
        let ways = configuration.connections(environment: SpoolOptions.environment)
        if !ways.isEmpty { Terminal.print("\n" + ways.joined(separator: "\n")) }
        if configuration.servers.isEmpty { return }
        var servers = Table(["MCP SERVER", "COMMAND", "TOOLS"])
        for server in configuration.servers {
            servers.add([
                Table.Cell(server.name, .bold), Table.Cell(server.launch.command.joined(separator: " ")),
                Table.Cell(configuration.toolNames(of: server).joined(separator: ", ")),
            ])
        }
        Terminal.print("\n" + servers.text)
    }

    private static func json(_ path: String, _ configuration: SpoolConfiguration) -> JSON {
        let catalog = configuration.catalog
        return [
            "configuration": .string(path), "ok": true,
            "queues": .array(
                catalog.queues.values.map { queue in
                    [
                        "queue": .string(queue.name), "workflow": .string(queue.workflow),
                        "concurrency": .int(Int64(queue.concurrency)), "priority": .int(Int64(queue.priority)),
                    ]
                }
            ),
            "workflows": .array(
                catalog.workflows.map { name, entry in
                    [
                        "workflow": .string(name),
                        "steps": .array(entry.workflow.steps.map { .string($0.id) }),
                        "models": .array(entry.workflow.modelNames.sorted().map(JSON.string)),
                        "tools": .array(entry.workflow.toolNames.sorted().map(JSON.string)),
                    ]
                }
            ),
            "connections": .array(
                configuration.connections(environment: SpoolOptions.environment).map(JSON.string)
            ),
            "mcp_servers": .array(
                configuration.servers.map { server in
                    [
                        "server": .string(server.name), "command": .array(server.launch.command.map(JSON.string)),
                        "tools": .array(configuration.toolNames(of: server).map(JSON.string)),
                    ]
                }
            ),
        ]
    }
}
