import Daemon
package import Documents
import Engine
import OrderedCollections
import Tools
import Workflow

/// What a configuration would have a daemon do.
package struct ConfigurationReport: Sendable {
    /// A queue, and the limits of its own.
    package struct Queue: Sendable {
        package let name: String
        package let workflow: String
        package let concurrency: Int
        package let priority: Int
        /// What is delivered and told after an end, in a line each.
        package let delivery: [String]
    }

    /// A workflow, and what it uses.
    package struct Workflow: Sendable {
        package let name: String
        package let steps: [String]
        package let models: [String]
        package let tools: [String]
    }

    /// An MCP server that is started, and those of its tools that workflows use.
    package struct Server: Sendable {
        package let name: String
        package let command: [String]
        package let tools: [String]
    }

    package let path: String
    package let queues: [Queue]
    package let workflows: [Workflow]
    /// The models that are not reached directly, each in a sentence without its full stop.
    package let connections: [String]
    package let servers: [Server]
    /// What is wrong now with directories, groups and hooks of deliveries.
    package let deliveryFaults: [String]

    /// Reads and checks the whole file.
    ///
    /// - Parameters:
    ///   - path: Of the configuration.
    ///   - environment: The daemon's, which may name proxies.
    /// - Throws: `DocumentError` with file, line, member and reason.
    package init(of path: String, environment: [String: String]) throws(DocumentError) {
        let configuration = try ConfigurationFile.load(path)
        self.path = path
        queues = configuration.catalog.queues.values.map { queue in
            Queue(
                name: queue.name,
                workflow: queue.workflow,
                concurrency: queue.concurrency,
                priority: queue.priority,
                delivery: queue.delivery?.lines ?? []
            )
        }
        workflows = configuration.catalog.workflows.map { name, entry in
            Workflow(
                name: name,
                steps: entry.workflow.steps.map(\.id),
                models: entry.workflow.modelNames.sorted(),
                tools: entry.workflow.toolNames.sorted()
            )
        }
        deliveryFaults = configuration.deliveryFaults(environment: environment)
        connections = configuration.connections(environment: environment)
        servers = configuration.servers.map { server in
            Server(
                name: server.name,
                command: server.launch.command,
                tools: configuration.toolNames(of: server)
            )
        }
    }

    /// The workflow of a queue.
    package func workflow(of queue: Queue) -> Workflow? { workflows.first { $0.name == queue.workflow } }
}
