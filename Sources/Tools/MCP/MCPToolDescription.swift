import Documents
import JSONSchema
import Jobs

/// A tool as its server describes it (MCP 2026-07-28, server/tools).
struct MCPToolDescription: Sendable, Equatable {
    let name: String
    let summary: String
    let parameters: JSONSchema
    /// Why the schema goes to models but is not checked here.
    let unsupported: JSONSchemaError?
    /// From the server's annotations: hints that the configuration may overrule.
    let effect: Effect

    /// Nil when it has no name by which a workflow could call it.
    init?(_ json: JSON, of server: String) {
        guard let name = json["name"]?.string, MCPToolName("\(server).\(name)") != nil else { return nil }
        self.name = name
        summary = json["description"]?.string ?? json["title"]?.string ?? ""
        // For a tool without parameters, servers leave the schema out or write null.
        let schema = json["inputSchema"]
        let source = schema?.object == nil ? ["type": "object", "properties": [:]] : schema ?? [:]
        do throws(JSONSchemaError) {
            parameters = try JSONSchema(source)
            unsupported = nil
        } catch {
            parameters = JSONSchema(anyObjectToldAs: source)
            unsupported = error
        }
        let hints = json["annotations"]
        effect =
            if hints?["readOnlyHint"] == true {
                .read
            } else if hints?["idempotentHint"] == true {
                .idempotent
            } else {
                .write
            }
    }
}
