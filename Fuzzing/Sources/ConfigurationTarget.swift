import Daemon
import Documents
import Engine
import Jobs
import Models
import OrderedCollections
import Tools
import Workflow

/// The configuration file, and the definitions that go from it into histories.
enum ConfigurationTarget: FuzzTarget {
    static let name = "configuration"

    static func run(_ input: [UInt8]) {
        guard let document = try? Document(input, format: .yaml, name: "agentspool.yaml"),
            let configuration = try? SpoolConfiguration(document, directory: "/etc/agentspool")
        else { return }
        for queue in configuration.catalog.queues.values {
            claim(configuration.catalog.workflows[queue.workflow] != nil, "a queue's workflow is there")
        }
        for server in configuration.servers { _ = configuration.toolNames(of: server) }
        for (name, entry) in configuration.catalog.workflows { check(entry, name) }
    }

    /// A definition is read again whenever a job runs: what was accepted once must not be refused then.
    private static func check(_ entry: Catalog.Entry, _ name: String) {
        Kept.check(entry.definition)
        do {
            let reader = try MemberReader(Document(entry.definition.bytes, format: .json, name: "definition"))
            var models: Set<String> = []
            for (name, members) in try reader.objects("models") {
                let settings = try ModelSettings(members, name: name)
                claimEqual(settings.json, members.value, "a model's settings say the same when they are read again")
                models.insert(name)
            }
            for (name, members) in try reader.objects("tools") { _ = try CommandToolSettings(members, name: name) }
            var servers: Set<String> = []
            for (name, members) in try reader.objects("mcp_servers") {
                let settings = try MCPServerSettings(members, name: name)
                claimEqual(settings.json, members.value, "a server's settings say the same when they are read again")
                servers.insert(name)
            }
            _ = try ToolPolicy.policies(reader)
            guard let members = try reader.object("workflow") else { fatalError("not so: a definition has a workflow") }
            let tools = Set(try reader.objects("tools").map(\.name))
            let names = WorkflowDefinition.Names(models: models, tools: tools, servers: servers)
            let workflow = try WorkflowDefinition(members, name: name, names: names)
            claimEqual(workflow.source, entry.workflow.source, "a workflow is the same when it is read again")
        } catch {
            fatalError("not so: a definition can be read again: \(error)")
        }
    }
}
