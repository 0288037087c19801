import Documents
import JSONSchema
import Jobs
import Models
import OrderedCollections
import Tools

/// One step of a workflow: what it does, when, and how often it is tried.
package struct StepDefinition: Sendable {
    package let id: String
    let condition: Condition?
    let retry: RetryPolicy
    package let action: Action

    package enum Action: Sendable {
        case model(ModelStep)
        case tool(ToolStep)
        case agent(AgentStep)
        case approval(ApprovalStep)
        case forEach(ForEachStep)
    }

    /// One question to a model.
    package struct ModelStep: Sendable {
        package let model: String
        let system: Template?
        let prompt: Template
        let output: JSONSchema?
        /// What happens to an answer that was cut; nil for what the model's settings say.
        let onTruncated: OnTruncated?
    }

    /// One call of a tool.
    package struct ToolStep: Sendable {
        package let tool: String
        let arguments: Template?
    }

    /// A model that calls tools, in turns, until it answers.
    package struct AgentStep: Sendable {
        package let model: String
        let system: Template?
        let prompt: Template
        package let tools: [String]
        let turnsMax: Int
        let output: JSONSchema?
        /// What happens when a person denies one of its calls.
        let onDenied: ApprovalRequest.DenialAction
        /// What happens to an answer that was cut; nil for what the model's settings say.
        let onTruncated: OnTruncated?

        static let turnsMaxDefault = 12
    }

    /// A question to a person.
    package struct ApprovalStep: Sendable {
        let message: Template
        /// What the person sees, and may change.
        let arguments: Template?
        let terms: ApprovalTerms
    }

    /// Steps for every element of a list.
    package struct ForEachStep: Sendable {
        let items: Template
        let concurrency: Int
        package let steps: [StepDefinition]
    }

    /// How deep `for_each` may be nested.
    private static let depthMax = 4

    /// Reads a list of steps; `known` gains their names, so that later ones may refer to them.
    static func list(
        _ reader: MemberReader,
        _ member: String,
        known: inout Set<String>,
        names: WorkflowDefinition.Names,
        retry: RetryPolicy,
        depth: Int = 0
    ) throws(DocumentError) -> [StepDefinition] {
        if depth > depthMax { throw reader.error(member, "for_each is nested deeper than \(depthMax) levels") }
        var steps: [StepDefinition] = []
        var own: Set<String> = []
        for element in try reader.list(member) {
            let step = try StepDefinition(element, known: known, names: names, retry: retry, depth: depth)
            guard own.insert(step.id).inserted else { throw element.error("id", "there are two steps \"\(step.id)\"") }
            known.insert(step.id)
            steps.append(step)
        }
        if steps.isEmpty { throw reader.error(member, "at least one step was expected") }
        return steps
    }

    private init(
        _ reader: MemberReader,
        known: Set<String>,
        names: WorkflowDefinition.Names,
        retry: RetryPolicy,
        depth: Int
    ) throws(DocumentError) {
        let id = try reader.optional("id", "a name of letters, digits, - and _") { value in
            value.string.flatMap { $0.isPlainName(with: "_-", limit: 64) ? $0 : nil }
        }
        guard let id else { throw reader.error("id", "is missing") }
        self.id = id
        self.retry =
            try reader.object("retry").map { reader throws(DocumentError) in
                try RetryPolicy(reader, default: retry)
            } ?? retry
        condition = try Self.condition(reader, known)
        let kinds = ["prompt", "tool", "agent", "approval", "for_each"].filter { reader.json($0) != nil }
        guard kinds.count == 1 else {
            throw reader.error(
                nil,
                "the step \"\(id)\" needs exactly one of prompt, tool, agent, approval and for_each"
            )
        }
        let common = ["id", "when", "retry"]
        switch kinds[0] {
        case "prompt":
            try reader.allowOnly(common + ["model", "system", "prompt", "output", "on_truncated"])
            action = .model(
                ModelStep(
                    model: try Self.model(reader, names),
                    system: try Self.template(reader, "system", known),
                    prompt: try Self.required(reader, "prompt", known),
                    output: try reader.schema("output"),
                    onTruncated: try reader.choice("on_truncated")
                )
            )
        case "tool":
            try reader.allowOnly(common + ["tool", "arguments"])
            action = .tool(
                ToolStep(
                    tool: try Self.tool(try reader.string("tool") ?? "", reader, "tool", names),
                    arguments: try Self.template(reader, "arguments", known)
                )
            )
        case "agent":
            try reader.allowOnly(common + ["agent"])
            guard let agent = try reader.object("agent") else { throw reader.error("agent", "is missing") }
            action = .agent(try AgentStep(agent, known: known, names: names))
        case "approval":
            try reader.allowOnly(common + ["approval"])
            action = .approval(try ApprovalStep(reader, known: known))
        default:
            try reader.allowOnly(common + ["for_each", "concurrency", "steps"])
            action = .forEach(try Self.forEach(reader, known: known, names: names, retry: self.retry, depth: depth))
        }
    }

    private static func condition(_ reader: MemberReader, _ known: Set<String>) throws(DocumentError) -> Condition? {
        guard let text = try reader.string("when") else { return nil }
        do throws(Condition.Fault) {
            return try Condition(text, steps: known)
        } catch {
            throw reader.error("when", error.reason)
        }
    }

    private static func forEach(
        _ reader: MemberReader,
        known: Set<String>,
        names: WorkflowDefinition.Names,
        retry: RetryPolicy,
        depth: Int
    ) throws(DocumentError) -> ForEachStep {
        let path = reader.path + ["for_each"]
        let items: Template
        if let list = reader.json("for_each")?.array {
            items = try Template(.array(list), at: path, in: reader, steps: known)
        } else {
            let text = try reader.string("for_each") ?? ""
            guard let reference = Template.wholeReference(text) ?? Reference.parts(of: text) else {
                let expected = "a reference such as input.items, or a list, was expected, not \(JSON.string(text).text)"
                throw reader.error("for_each", expected)
            }
            let whole = "{{\(reference.joined(separator: "."))}}"
            items = try Template(.string(whole), at: path, in: reader, steps: known)
        }
        var inner = known
        return ForEachStep(
            items: items,
            concurrency: try reader.int("concurrency", in: 1...256) ?? 1,
            steps: try list(reader, "steps", known: &inner, names: names, retry: retry, depth: depth + 1)
        )
    }

    fileprivate static func template(
        _ reader: MemberReader,
        _ member: String,
        _ known: Set<String>
    ) throws(DocumentError) -> Template? {
        try reader.json(member).map { value throws(DocumentError) in
            try Template(value, at: reader.path + [member], in: reader, steps: known)
        }
    }

    fileprivate static func required(
        _ reader: MemberReader,
        _ member: String,
        _ known: Set<String>
    ) throws(DocumentError) -> Template {
        guard let template = try template(reader, member, known) else { throw reader.error(member, "is missing") }
        return template
    }

    fileprivate static func model(
        _ reader: MemberReader,
        _ names: WorkflowDefinition.Names
    ) throws(DocumentError) -> String {
        let name = try reader.string("model") ?? "default"
        guard names.models.contains(name) else {
            throw reader.error("model", "there is no model \"\(name)\" under models")
        }
        return name
    }

    fileprivate static func tool(
        _ name: String,
        _ reader: MemberReader,
        _ member: String,
        _ names: WorkflowDefinition.Names
    ) throws(DocumentError) -> String {
        if let tool = MCPToolName(name) {
            // Whether the server has the tool is known when it runs.
            if names.servers.contains(tool.server) { return name }
            throw reader.error(member, "there is no server \"\(tool.server)\" under mcp_servers")
        }
        guard names.tools.contains(name) else { throw reader.error(member, "there is no tool \"\(name)\" under tools") }
        return name
    }
}

extension StepDefinition.AgentStep {
    fileprivate init(
        _ reader: MemberReader,
        known: Set<String>,
        names: WorkflowDefinition.Names
    ) throws(DocumentError) {
        try reader.allowOnly(["model", "system", "prompt", "tools", "max_turns", "output", "on_denied", "on_truncated"])
        onDenied = try reader.choice("on_denied") ?? .fail
        onTruncated = try reader.choice("on_truncated")
        model = try StepDefinition.model(reader, names)
        system = try StepDefinition.template(reader, "system", known)
        prompt = try StepDefinition.required(reader, "prompt", known)
        var tools: [String] = []
        for name in try reader.strings("tools") ?? [] {
            let tool = try StepDefinition.tool(name, reader, "tools", names)
            if let other = tools.first(where: { ModelToolName.text(of: $0) == ModelToolName.text(of: tool) }) {
                throw reader.error("tools", "models would know \"\(other)\" and \"\(tool)\" by the same name")
            }
            tools.append(tool)
        }
        self.tools = tools
        turnsMax = try reader.int("max_turns", in: 1...1_000) ?? Self.turnsMaxDefault
        output = try reader.schema("output")
    }
}

extension StepDefinition.ApprovalStep {
    /// Reads `approval`: a message, or an object with message, arguments, expires and on_expiry.
    fileprivate init(_ reader: MemberReader, known: Set<String>) throws(DocumentError) {
        if reader.json("approval")?.string != nil {
            message = try StepDefinition.required(reader, "approval", known)
            (arguments, terms) = (nil, ApprovalTerms())
            return
        }
        guard let members = try reader.object("approval") else { throw reader.error("approval", "is missing") }
        try members.allowOnly(["message", "arguments"] + ApprovalTerms.members)
        message = try StepDefinition.required(members, "message", known)
        arguments = try StepDefinition.template(members, "arguments", known)
        terms = try ApprovalTerms(members)
    }
}

extension StepDefinition {
    static func modelNames(_ steps: [StepDefinition]) -> Set<String> {
        steps.reduce(into: []) { names, step in
            switch step.action {
            case .model(let model): names.insert(model.model)
            case .agent(let agent): names.insert(agent.model)
            case .forEach(let each): names.formUnion(modelNames(each.steps))
            case .tool, .approval: break
            }
        }
    }

    static func toolNames(_ steps: [StepDefinition]) -> Set<String> {
        steps.reduce(into: []) { names, step in
            switch step.action {
            case .tool(let tool): names.insert(tool.tool)
            case .agent(let agent): names.formUnion(agent.tools)
            case .forEach(let each): names.formUnion(toolNames(each.steps))
            case .model, .approval: break
            }
        }
    }
}
