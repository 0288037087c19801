import ArgumentParser
import Client
import Documents

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
        let report: ConfigurationReport
        do throws(DocumentError) {
            report = try ConfigurationReport(of: path, environment: SpoolOptions.environment)
        } catch {
            if !json { throw error }
            Terminal.print(ConfigurationReport.json(of: error, at: path))
            throw ExitCode.configuration
        }
        json ? Terminal.print(report.json) : print(report)
    }

    private func print(_ report: ConfigurationReport) {
        Terminal.print("\(report.path) is good.\n")
        var table = Table(
            ["QUEUE", "WORKFLOW", "STEPS", "MODELS", "TOOLS", "CONCURRENCY", "PRIORITY"],
            numbers: [5, 6]
        )
        for queue in report.queues {
            let workflow = report.workflow(of: queue)
            table.add([
                Table.Cell(queue.name, .bold), Table.Cell(queue.workflow),
                Table.Cell(workflow?.steps.joined(separator: " → ")),
                Table.Cell(workflow?.models.joined(separator: ", ")),
                Table.Cell(workflow?.tools.joined(separator: ", ")),
                Table.Cell(String(queue.concurrency)), Table.Cell(String(queue.priority)),
            ])
        }
        Terminal.print(table.text)
        for queue in report.queues where !queue.delivery.isEmpty {
            Terminal.print("\nAfter its end, \(queue.name) delivers:")
            for line in queue.delivery { Terminal.print("  \(line)") }
        }
        for fault in report.deliveryFaults { Terminal.print("\nNote: \(fault)") }
        if !report.connections.isEmpty { Terminal.print("\n" + report.connections.joined(separator: "\n")) }
        if report.servers.isEmpty { return }
        var servers = Table(["MCP SERVER", "COMMAND", "TOOLS"])
        for server in report.servers {
            servers.add([
                Table.Cell(server.name, .bold), Table.Cell(server.command.joined(separator: " ")),
                Table.Cell(server.tools.joined(separator: ", ")),
            ])
        }
        Terminal.print("\n" + servers.text)
    }
}
