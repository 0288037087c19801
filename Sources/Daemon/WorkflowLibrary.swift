import AsyncHTTPClient
import Engine
import Jobs
import Models
import OrderedCollections
import Synchronization
import Tools
import Workflow

/// Makes recorded definitions runnable, each once: jobs with the same definition share models, and so their limits.
final class WorkflowLibrary: WorkflowProvider {
    /// Definitions kept; a new configuration brings new ones, so the number is bounded.
    private static let workflowsMax = 256

    private struct Shelf {
        var workflows: [JSON: ExecutableWorkflow] = [:]
        var models: [JSON: any ChatModel] = [:]
    }

    private let http: HTTPClient
    private let environment: [String: String]
    private let directory: String
    private let clock: any Clock<Duration>
    private let shelf = Mutex(Shelf())

    init(http: HTTPClient, environment: [String: String], directory: String, clock: any Clock<Duration>) {
        self.http = http
        self.environment = environment
        self.directory = directory
        self.clock = clock
    }

    func executable(_ definition: JSON, name: String) throws -> ExecutableWorkflow {
        if let known = shelf.withLock({ $0.workflows[definition] }) { return known }
        do {
            let made = try make(definition, name: name)
            shelf.withLock { shelf in
                if shelf.workflows.count >= Self.workflowsMax { shelf = Shelf() }
                shelf.workflows[definition] = made
            }
            return made
        } catch {
            throw Failure(
                .permanent,
                "the recorded workflow cannot be run here: \(error)",
                hint: "see whether its models, scripts and tools are there, then retry the job"
            )
        }
    }

    private func make(_ definition: JSON, name: String) throws -> ExecutableWorkflow {
        let document = try Document(definition.bytes, format: .json, name: "definition")
        let reader = try MemberReader(document)
        var models: [String: any ChatModel] = [:]
        for (name, members) in try reader.objects("models") { models[name] = try model(name, members) }
        var tools: [String: any Tool] = [:]
        for (name, members) in try reader.objects("tools") {
            let settings = try CommandToolSettings(members, name: name)
            tools[name] = CommandTool(settings, directory: directory, environment: environment, clock: clock)
        }
        guard let members = try reader.object("workflow") else { throw reader.error("workflow", "is missing") }
        let names = WorkflowDefinition.Names(models: Set(models.keys), tools: Set(tools.keys))
        let workflow = try WorkflowDefinition(members, name: name, names: names)
        return ExecutableWorkflow(workflow, models: models, tools: tools)
    }

    private func model(_ name: String, _ members: MemberReader) throws -> any ChatModel {
        let settings = try ModelSettings(members, name: name)
        let key: JSON = [.string(name), settings.json]
        if let known = shelf.withLock({ $0.models[key] }) { return known }
        let made = try ModelFactory.make(
            settings,
            http: http,
            environment: environment,
            baseDirectory: directory,
            clock: clock
        )
        // Whoever was first is shared, so that its limits count for all.
        return shelf.withLock { shelf in
            if let known = shelf.models[key] { return known }
            shelf.models[key] = made
            return made
        }
    }

    /// Makes every workflow of a configuration once, so that a missing script is an error at start and not of a job.
    func check(_ catalog: Catalog) throws {
        for (name, entry) in catalog.workflows { _ = try make(entry.definition, name: name) }
    }
}
