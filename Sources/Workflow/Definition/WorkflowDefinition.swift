package import Documents
package import JSONSchema
package import Jobs
package import OrderedCollections
import Tools

/// A workflow as the configuration declares it, checked: every name that it uses exists.
package struct WorkflowDefinition: Sendable {
    package let name: String
    package let inputSchema: JSONSchema?
    package let limits: Limits
    package let retry: RetryPolicy
    package let steps: [StepDefinition]
    let output: Template?
    /// Which configured models answer lines of a batch, by the names in the lines.
    package let lineModels: OrderedDictionary<String, String>
    /// The workflow as it was written; a job's history carries it.
    package let source: JSON

    /// The models, tools and MCP servers that the configuration has, by name.
    package struct Names: Sendable {
        package var models: Set<String>
        package var tools: Set<String>
        package var servers: Set<String>

        package init(models: Set<String>, tools: Set<String>, servers: Set<String> = []) {
            (self.models, self.tools, self.servers) = (models, tools, servers)
        }
    }

    /// - Throws: ``DocumentError`` naming line, member and reason.
    package init(_ reader: MemberReader, name: String, names: Names) throws(DocumentError) {
        try reader.allowOnly(["description", "input", "limits", "retry", "steps", "output", "models"])
        self.name = name
        source = reader.value
        inputSchema = try reader.schema("input")
        limits = try reader.object("limits").map { reader throws(DocumentError) in try Limits(reader) } ?? Limits()
        retry =
            try reader.object("retry").map { reader throws(DocumentError) in try RetryPolicy(reader) } ?? RetryPolicy()
        lineModels = try BatchModelMap.map(reader, known: names.models)
        var known: Set<String> = []
        steps = try StepDefinition.list(reader, "steps", known: &known, names: names, retry: retry)
        output =
            try reader.json("output").map { value throws(DocumentError) in
                try Template(value, at: reader.path + ["output"], in: reader, steps: known)
            }
    }

    /// What it does, in the words of the configuration.
    package var summary: String? { source["description"]?.string }

    /// The schema of its output: that of the last step, where this step always gives the output; nil where nothing says
    /// what the output looks like.
    package var outputSchema: JSONSchema? {
        guard output == nil, let last = steps.last, last.condition == nil else { return nil }
        return switch last.action {
        case .model(let step): step.output
        case .agent(let step): step.output
        case .tool, .approval, .forEach: nil
        }
    }

    /// The models that its steps use.
    package var modelNames: Set<String> { StepDefinition.modelNames(steps) }

    /// The tools that its steps use; those of MCP servers as `server.tool`.
    package var toolNames: Set<String> { StepDefinition.toolNames(steps) }
}

extension MemberReader {
    /// The JSON Schema that is the member `name`.
    func schema(_ name: String) throws(DocumentError) -> JSONSchema? {
        guard let value = json(name) else { return nil }
        do {
            return try JSONSchema(value)
        } catch {
            throw self.error(name, "\(error)")
        }
    }
}
