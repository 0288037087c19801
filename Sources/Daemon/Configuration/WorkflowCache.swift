import AsyncHTTPClient
import Documents
import Engine
import Jobs
import Logging
import Models
import OrderedCollections
import Synchronization
import Tools
import Workflow

/// Makes each recorded definition runnable once: jobs with the same definition share models, and so their limits.
final class WorkflowCache: WorkflowProvider {
    /// The most definitions kept: every new configuration brings new ones.
    private static let workflowsMax = 256
    /// With more models than this, a reload forgets all of them.
    private static let modelsMax = 1_024

    private struct Shelf {
        /// The last one used of each name: a definition that is the same value is found without a look at its members.
        var latest: [String: (definition: JSON, workflow: ExecutableWorkflow)] = [:]
        var workflows: [JSON: ExecutableWorkflow] = [:]
        /// Keyed by name and settings; each with a digest of the file that the settings name.
        var models: [JSON: (digest: String?, model: any LimitedModel)] = [:]
        /// Keyed by `ModelSettings.limiterKey`.
        var limiters: [JSON: ModelLimiter] = [:]
        /// The keys of the limiters of the configuration in force.
        var limiterKeysInForce: Set<JSON> = []

        mutating func forgetWorkflows() { (latest, workflows) = ([:], [:]) }
    }

    private let connections: ModelConnections
    private let environment: [String: String]
    private let directory: String
    private let clock: any Clock<Duration>
    private let servers: MCPServers
    private let descriptors: DescriptorPermits
    private let logger: Logger
    private let shelf = Mutex(Shelf())

    init(
        http: HTTPClient,
        environment: [String: String],
        directory: String,
        clock: any Clock<Duration>,
        servers: MCPServers,
        descriptors: DescriptorPermits = .unlimited,
        logger: Logger = Logger(label: "agentspool.models")
    ) {
        self.descriptors = descriptors
        connections = ModelConnections(
            plain: http,
            environment: environment,
            directory: directory,
            descriptors: descriptors
        )
        self.logger = logger
        self.servers = servers
        self.environment = environment
        self.directory = directory
        self.clock = clock
    }

    func executable(_ definition: JSON, name: String) throws -> ExecutableWorkflow {
        if let known = known(definition, name) { return known }
        do {
            let made = try make(definition, name: name)
            shelf.withLock { shelf in
                if shelf.workflows.count >= Self.workflowsMax { shelf.forgetWorkflows() }
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

    private func known(_ definition: JSON, _ name: String) -> ExecutableWorkflow? {
        shelf.withLock { shelf in
            if let latest = shelf.latest[name], latest.definition == definition { return latest.workflow }
            guard let known = shelf.workflows[definition] else { return nil }
            shelf.latest[name] = (definition, known)
            return known
        }
    }

    /// - Parameter readsFiles: Whether files that models name must exist now; otherwise an earlier read will do.
    private func make(_ definition: JSON, name: String, readsFiles: Bool = false) throws -> ExecutableWorkflow {
        let document = try Document(definition.bytes, format: .json, name: "definition")
        let reader = try MemberReader(document)
        let models = try models(reader, readsFiles)
        var tools: [String: any Tool] = [:]
        for (name, members) in try reader.objects("tools") {
            let settings = try CommandToolSettings(members, name: name)
            tools[name] = CommandTool(
                settings,
                directory: directory,
                environment: environment,
                descriptors: descriptors,
                clock: clock
            )
        }
        var settings: [String: MCPServerSettings] = [:]
        for (name, members) in try reader.objects("mcp_servers") {
            settings[name] = try MCPServerSettings(members, name: name)
        }
        guard let members = try reader.object("workflow") else { throw reader.error("workflow", "is missing") }
        let names = WorkflowDefinition.Names(
            models: Set(models.keys),
            tools: Set(tools.keys),
            servers: Set(settings.keys)
        )
        let workflow = try WorkflowDefinition(members, name: name, names: names)
        for name in workflow.toolNames.compactMap(MCPToolName.init) {
            guard let settings = settings[name.server] else { continue }
            let tool = MCPTool(name, of: servers.server(settings), settings)
            tools[tool.name] = tool
        }
        return try ExecutableWorkflow(
            workflow,
            models: models,
            tools: tools,
            policies: ToolPolicy.policies(reader),
            lineModels: lineModels(reader)
        )
    }

    /// Nil when the job is no batch, or a batch that an earlier version accepted.
    private func lineModels(_ reader: MemberReader) throws -> BatchModelMap? {
        guard let map = try reader.object("line_models")?.value.object?.compactMapValues(\.string) else { return nil }
        var configured: OrderedDictionary<String, String?> = [:]
        for (name, settings) in try settings(reader) {
            configured.updateValue(settings.source.model, forKey: name)
        }
        return BatchModelMap(map: map, configured: configured)
    }

    private func settings(_ reader: MemberReader) throws -> OrderedDictionary<String, ModelSettings> {
        var settings: OrderedDictionary<String, ModelSettings> = [:]
        for (name, members) in try reader.objects("models") {
            settings[name] = try ModelSettings(members, name: name)
        }
        return settings
    }

    private func models(_ reader: MemberReader, _ readsFiles: Bool) throws -> [String: any LimitedModel] {
        let settings = try settings(reader)
        // Definitions also come from histories, which a user may have changed.
        try ModelSettings.checkFallbacks(settings, reader)
        var models: [String: any LimitedModel] = [:]
        for name in settings.keys { models[name] = try model(name, settings, readsFiles) }
        return models
    }

    private func model(
        _ name: String,
        _ all: OrderedDictionary<String, ModelSettings>,
        _ readsFiles: Bool
    ) throws -> any LimitedModel {
        guard let settings = all[name] else { throw Failure(.permanent, "there is no model \"\(name)\"") }
        let model = try model(settings, readsFiles)
        guard let fallback = settings.fallback else { return model }
        return FallbackModel(model, fallback: try self.model(fallback, all, readsFiles))
    }

    private func model(_ settings: ModelSettings, _ readsFiles: Bool) throws -> any LimitedModel {
        let digest = settings.contentsDigest(in: directory)
        let key: JSON = [.string(settings.name), settings.json]
        if let known = shelf.withLock({ $0.models[key] }), known.digest == digest || (digest == nil && !readsFiles) {
            return known.model
        }
        let limiterKey = settings.limiterKey
        let limiter = shelf.withLock { shelf in
            if let known = shelf.limiters[limiterKey] { return known }
            let limiter = ModelLimiter(settings, clock: clock)
            shelf.limiters[limiterKey] = limiter
            return limiter
        }
        let factory = ModelFactory(
            connections: connections,
            environment: environment,
            baseDirectory: directory,
            clock: clock,
            logger: logger
        )
        let made = try factory.make(settings, limiter: limiter)
        // The first model made is shared, so that its limits count for all.
        return shelf.withLock { shelf in
            if let known = shelf.models[key], known.digest == digest { return known.model }
            shelf.models[key] = (digest, made)
            return made
        }
    }

    /// Closes the connections to models.
    func close() async throws { try await connections.shutdown() }

    /// Notes the models of the configuration in force. Files that definitions name (scripts, authorities) are read
    /// again from now on, and a stopped model is asked again; what is known of quotas stays.
    func renew(_ models: [ModelSettings]) {
        let limiters = shelf.withLock { shelf in
            shelf.forgetWorkflows()
            shelf.limiterKeysInForce = Set(models.map(\.limiterKey))
            if shelf.models.count > Self.modelsMax {
                shelf.models = [:]
                shelf.limiters = shelf.limiters.filter { shelf.limiterKeysInForce.contains($0.key) }
            }
            return Array(shelf.limiters.values)
        }
        for limiter in limiters { limiter.probeNow() }
    }

    /// Makes every workflow of a configuration once, so that a missing script is an error at start, not of a job.
    func check(_ catalog: Catalog) throws {
        for (name, entry) in catalog.workflows { _ = try make(entry.definition, name: name, readsFiles: true) }
    }
}
