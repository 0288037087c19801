package import Documents
package import Engine
import Jobs
import Models
import OrderedCollections
import Redaction
package import Spool
package import Tools
import Workflow

/// Everything that `agentspool.yaml` says, checked as a whole.
package struct SpoolConfiguration: Sendable {
    package let catalog: Catalog
    package let engine: EngineSettings
    package let durability: Durability.Mode
    package let servers: [MCPServerSettings]
    /// In the order of the file.
    let models: [ModelSettings]
    package let api: APISettings
    /// Path of the index; nil for the spool's own.
    package let index: String?
    /// The file as it was read, for the places of errors.
    let document: Document
    /// The settings of every tool, with its policy, by its name.
    let tools: OrderedDictionary<String, JSON>
    /// The directory of the file: the paths of commands and scripts are relative to it.
    package let directory: String

    /// The members of the file, in the order of docs/formats.md, section 15.
    private static let members = [
        "models", "tools", "mcp_servers", "workflows", "queues", "workers", "index", "durability", "redact", "api",
    ]

    /// Members of later versions. They are refused: a rule that is ignored is worse than none.
    private static let laterMembers = ["retention"]

    /// Reads a configuration.
    ///
    /// - Throws: ``DocumentError`` with file, line, member and reason.
    package init(_ document: Document, directory: String) throws(DocumentError) {
        let reader = try MemberReader(document.value.isNull ? document.withEmptyObject() : document)
        for member in Self.laterMembers where reader.json(member) != nil {
            throw reader.error(member, "this version does not do this yet; take it out")
        }
        try reader.allowOnly(Self.members)
        (self.directory, self.document) = (directory, reader.document)
        index = try reader.optional("index", "the path of a file") { value in
            value.string.flatMap { $0.isEmpty ? nil : ConfigurationFile.indexPath($0, in: directory) }
        }
        durability = try reader.choice("durability", Durability.Mode.self) ?? .automatic
        engine = try Self.engine(reader)
        api =
            try reader.object("api").map { reader throws(DocumentError) in
                try APISettings(reader, directory: directory)
            } ?? APISettings()
        let models = try Self.models(reader)
        self.models = Array(models.values)
        let tools = try Self.tools(reader)
        self.tools = tools
        servers = try Self.servers(reader, tools)
        let names = WorkflowDefinition.Names(
            models: Set(models.keys),
            tools: Set(tools.keys),
            servers: Set(servers.map(\.name))
        )
        var workflows: OrderedDictionary<String, Catalog.Entry> = [:]
        if models["default"] != nil {
            workflows["prompt"] = Self.entry(try Self.promptWorkflow(names), models, tools, servers)
        }
        for (name, members) in try reader.objects("workflows") {
            let workflow = try WorkflowDefinition(members, name: name, names: names)
            workflows[name] = Self.entry(workflow, models, tools, servers)
        }
        catalog = Catalog(
            queues: try Self.queues(reader, workflows, names.models, directory),
            workflows: workflows,
            redactor: Redactor(rules: try RedactionRule.rules("redact", reader))
        )
    }

    /// The models that are not reached directly, each in a sentence without its full stop and without secrets.
    ///
    /// - Parameter environment: The daemon's, which may name proxies.
    package func connections(environment: [String: String]) -> [String] {
        models.compactMap { ModelConnections.way(to: $0, environment: environment) }
    }

    /// The tools of a server that workflows use, by the server's own names.
    package func toolNames(of server: MCPServerSettings) -> [String] {
        let names = catalog.workflows.values.flatMap(\.workflow.toolNames).compactMap(MCPToolName.init)
        return Set(names.filter { $0.server == server.name }.map(\.tool)).sorted()
    }

    private static func models(
        _ reader: MemberReader
    ) throws(DocumentError) -> OrderedDictionary<String, ModelSettings> {
        var models: OrderedDictionary<String, ModelSettings> = [:]
        for (name, members) in try reader.objects("models") {
            models[name] = try ModelSettings(members, name: name)
        }
        try ModelSettings.checkFallbacks(models, reader)
        return models
    }

    /// The settings of every tool, with its policy, as a job's history carries them.
    private static func tools(
        _ reader: MemberReader
    ) throws(DocumentError) -> OrderedDictionary<String, JSON> {
        let policies = try ToolPolicy.policies(reader)
        var tools: OrderedDictionary<String, JSON> = [:]
        for (name, members) in try reader.objects("tools") {
            // Providers allow no other names for functions.
            guard name.isPlainName(with: "_-", limit: 64) else {
                throw members.error(nil, "a tool's name has letters, digits, - and _, 64 at most")
            }
            let settings = try CommandToolSettings(members, name: name).json.object ?? [:]
            let policy = policies[name]?.source.object ?? [:]
            tools[name] = .object(settings.merging(policy) { setting, _ in setting })
        }
        return tools
    }

    private static func servers(
        _ reader: MemberReader,
        _ tools: OrderedDictionary<String, JSON>
    ) throws(DocumentError) -> [MCPServerSettings] {
        var servers: [MCPServerSettings] = []
        for (name, members) in try reader.objects("mcp_servers") {
            servers.append(try MCPServerSettings(members, name: name))
            // Models know a server's tools by such names.
            if let tool = tools.keys.first(where: { $0.hasPrefix("\(name)__") }) {
                throw reader.document.error(
                    at: ["tools", tool],
                    "a name that begins with \"\(name)__\" is for tools of the MCP server \"\(name)\""
                )
            }
        }
        return servers
    }

    /// The built-in workflow: one model call with `input.prompt` or `input.text`.
    private static func promptWorkflow(_ names: WorkflowDefinition.Names) throws(DocumentError) -> WorkflowDefinition {
        let prompt =
            "{{#input.prompt}}{{input.prompt}}{{/input.prompt}}{{^input.prompt}}{{input.text}}{{/input.prompt}}"
        let source: JSON = ["steps": [["id": "answer", "prompt": .string(prompt)]]]
        let document = try Document(source.bytes, format: .json, name: "the workflow prompt")
        return try WorkflowDefinition(MemberReader(document), name: "prompt", names: names)
    }

    private static func entry(
        _ workflow: WorkflowDefinition,
        _ models: OrderedDictionary<String, ModelSettings>,
        _ tools: OrderedDictionary<String, JSON>,
        _ servers: [MCPServerSettings]
    ) -> Catalog.Entry {
        let modelNames = ModelSettings.withFallbacks(workflow.modelNames, in: models)
        let usedModels = models.filter { modelNames.contains($0.key) }.mapValues(\.json)
        let usedTools = tools.filter { workflow.toolNames.contains($0.key) }
        let serverNames = Set(workflow.toolNames.compactMap { MCPToolName($0)?.server })
        let usedServers = servers.filter { serverNames.contains($0.name) }.map { ($0.name, $0.json) }
        return Catalog.Entry(
            workflow: workflow,
            definition: JSON(members: [
                ("workflow", workflow.source), ("models", .object(usedModels)), ("tools", .object(usedTools)),
                ("mcp_servers", usedServers.isEmpty ? nil : JSON(members: usedServers)),
            ]),
            allModels: .object(models.mapValues(\.json))
        )
    }

    private static func queues(
        _ reader: MemberReader,
        _ workflows: OrderedDictionary<String, Catalog.Entry>,
        _ models: Set<String>,
        _ directory: String
    ) throws(DocumentError) -> OrderedDictionary<String, QueueSettings> {
        var queues: OrderedDictionary<String, QueueSettings> = [:]
        for (name, members) in try reader.objects("queues") {
            guard SpoolLayout.isValidName(name) else {
                throw members.error(nil, "a queue's name has letters, digits, ., - and _, 64 at most")
            }
            queues[name] = try queue(name, members, models, directory)
        }
        if queues.isEmpty { queues["default"] = QueueSettings(name: "default", workflow: "prompt") }
        for queue in queues.values where workflows[queue.workflow] == nil {
            let path = reader.json("queues") == nil ? ["models"] : ["queues", queue.name, "workflow"]
            let reason =
                queue.workflow == "prompt"
                ? "the built-in workflow prompt needs a model named default"
                : "there is no workflow \"\(queue.workflow)\""
            throw reader.document.error(at: path, reason)
        }
        return queues
    }

    private static func queue(
        _ name: String,
        _ reader: MemberReader,
        _ models: Set<String>,
        _ directory: String
    ) throws(DocumentError) -> QueueSettings {
        try reader.allowOnly([
            "workflow", "concurrency", "priority", "max_size", "text_max", "rows", "models", "settle", "settle_empty",
            "ignore", "accept", "submitters",
            "daily_limits", "owners_answer", "max_waiting", "deliver", "on",
        ])
        var queue = QueueSettings(name: name, workflow: try reader.string("workflow") ?? "prompt")
        queue.concurrency = try reader.int("concurrency", in: 1...10_000) ?? queue.concurrency
        queue.priority = try reader.int("priority", in: 0...9) ?? queue.priority
        queue.sizeMax = try size("max_size", reader) ?? queue.sizeMax
        queue.textMax = try size("text_max", reader) ?? queue.textMax
        queue.takesRows = try reader.bool("rows") ?? false
        queue.lineModels = try BatchModelMap.map(reader, known: models)
        queue.settle = try reader.duration("settle") ?? queue.settle
        queue.settleEmpty = try reader.duration("settle_empty") ?? queue.settleEmpty
        queue.names = try NameRules(reader)
        queue.ownersAnswer = try reader.bool("owners_answer") ?? false
        queue.waitingMax = try reader.int("max_waiting", in: 1...10_000_000)
        if let submitters = try reader.object("submitters") {
            try submitters.allowOnly(["users", "groups"])
            queue.submitters = Submitters(
                users: Set(try submitters.strings("users") ?? []),
                groups: Set(try submitters.strings("groups") ?? [])
            )
        }
        queue.dailyLimits =
            try reader.object("daily_limits").map { reader throws(DocumentError) in
                try Limits(reader, members: Limits.members.filter { $0 != "duration" })
            }
        queue.delivery = try DeliverySettings(reader, directory: directory)
        return queue
    }

    private static func size(_ member: String, _ reader: MemberReader) throws(DocumentError) -> Int? {
        try reader.optional(member, "a size such as 64KB, 10MB or 1GiB") { value in
            let bytes = value.string.flatMap(ByteSize.bytes) ?? value.int
            return bytes.flatMap { $0 > 0 ? $0 : nil }
        }
    }

    private static func engine(_ reader: MemberReader) throws(DocumentError) -> EngineSettings {
        var settings = EngineSettings()
        guard let workers = try reader.object("workers") else { return settings }
        try workers.allowOnly(["concurrency", "stop_grace", "short_wait", "deaths"])
        settings.concurrency = try workers.int("concurrency", in: 1...10_000) ?? settings.concurrency
        settings.stopGrace = try workers.duration("stop_grace") ?? settings.stopGrace
        settings.shortWaitMax = try workers.duration("short_wait") ?? settings.shortWaitMax
        settings.deathsMax = try workers.int("deaths", in: 1...1_000) ?? settings.deathsMax
        return settings
    }
}

extension Document {
    /// An empty file is an empty configuration.
    fileprivate func withEmptyObject() throws(DocumentError) -> Document {
        try Document(Array("{}".utf8), format: .json, name: name)
    }
}
