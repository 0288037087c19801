package import Engine
package import Jobs
import Models
import OrderedCollections
package import Spool
import Tools
import Workflow

/// Everything that `agentspool.yaml` says, checked as a whole.
package struct SpoolConfiguration: Sendable {
    package let catalog: Catalog
    package let engine: EngineSettings
    package let durability: Durability.Mode
    /// Path of the index; nil for the spool's own.
    package let index: String?
    /// The directory of the file: relative commands and scripts begin here.
    package let directory: String

    /// The members of the file, in the order of INTERFACE.
    private static let members = [
        "models", "tools", "workflows", "queues", "workers", "index", "durability",
    ]

    /// What users may have read about and this version does not do. Refused: a rule that is ignored is worse than none.
    private static let laterMembers = ["mcp_servers", "retention", "redact"]

    /// Reads a configuration.
    ///
    /// - Throws: ``DocumentError`` with file, line, member and reason.
    package init(_ document: Document, directory: String) throws(DocumentError) {
        let reader = try MemberReader(document.value.isNull ? document.withEmptyObject() : document)
        for member in Self.laterMembers where reader.json(member) != nil {
            throw reader.error(member, "this version does not do this yet; take it out, so that nobody relies on it")
        }
        try reader.allowOnly(Self.members)
        self.directory = directory
        index = try reader.optional("index", "the path of a file") { value in
            value.string.flatMap { $0.isEmpty ? nil : ConfigurationFile.indexPath($0, in: directory) }
        }
        durability = try reader.choice("durability", Durability.Mode.self) ?? .automatic
        engine = try Self.engine(reader)
        let models = try Self.models(reader)
        let tools = try Self.tools(reader)
        let names = WorkflowDefinition.Names(models: Set(models.keys), tools: Set(tools.keys))
        var workflows: OrderedDictionary<String, Catalog.Entry> = [:]
        if models["default"] != nil {
            workflows["prompt"] = Self.entry(try Self.promptWorkflow(names), models, tools)
        }
        for (name, members) in try reader.objects("workflows") {
            let workflow = try WorkflowDefinition(members, name: name, names: names)
            workflows[name] = Self.entry(workflow, models, tools)
        }
        catalog = Catalog(queues: try Self.queues(reader, workflows), workflows: workflows)
    }

    private static func models(
        _ reader: MemberReader
    ) throws(DocumentError) -> OrderedDictionary<String, ModelSettings> {
        var models: OrderedDictionary<String, ModelSettings> = [:]
        for (name, members) in try reader.objects("models") {
            models[name] = try ModelSettings(members, name: name)
        }
        return models
    }

    private static func tools(
        _ reader: MemberReader
    ) throws(DocumentError) -> OrderedDictionary<String, CommandToolSettings> {
        var tools: OrderedDictionary<String, CommandToolSettings> = [:]
        for (name, members) in try reader.objects("tools") {
            // Providers allow no other names for functions.
            guard name.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) != nil else {
                throw members.error(nil, "a tool's name has letters, digits, - and _, 64 at most")
            }
            tools[name] = try CommandToolSettings(members, name: name)
        }
        return tools
    }

    /// The workflow that every configuration has: one model call with `input.prompt` or `input.text`.
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
        _ tools: OrderedDictionary<String, CommandToolSettings>
    ) -> Catalog.Entry {
        let usedModels = models.filter { workflow.modelNames.contains($0.key) }.mapValues(\.json)
        let usedTools = tools.filter { workflow.toolNames.contains($0.key) }.mapValues(\.json)
        return Catalog.Entry(
            workflow: workflow,
            definition: ["workflow": workflow.source, "models": .object(usedModels), "tools": .object(usedTools)]
        )
    }

    private static func queues(
        _ reader: MemberReader,
        _ workflows: OrderedDictionary<String, Catalog.Entry>
    ) throws(DocumentError) -> OrderedDictionary<String, QueueSettings> {
        var queues: OrderedDictionary<String, QueueSettings> = [:]
        for (name, members) in try reader.objects("queues") {
            guard SpoolLayout.isValidName(name) else {
                throw members.error(nil, "a queue's name has letters, digits, ., - and _, 64 at most")
            }
            queues[name] = try queue(name, members)
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

    private static func queue(_ name: String, _ reader: MemberReader) throws(DocumentError) -> QueueSettings {
        try reader.allowOnly(["workflow", "concurrency", "priority", "max_size", "submitters"])
        var queue = QueueSettings(name: name, workflow: try reader.string("workflow") ?? "prompt")
        queue.concurrency = try reader.int("concurrency", in: 1...10_000) ?? queue.concurrency
        queue.priority = try reader.int("priority", in: 0...9) ?? queue.priority
        queue.sizeMax =
            try reader.optional("max_size", "a size such as 64KB, 10MB or 1GiB") { value in
                let bytes = value.string.flatMap(ByteSize.bytes) ?? value.int
                return bytes.flatMap { $0 > 0 ? $0 : nil }
            } ?? queue.sizeMax
        if let submitters = try reader.object("submitters") {
            try submitters.allowOnly(["users"])
            queue.submitters = Set(try submitters.strings("users") ?? [])
        }
        return queue
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
