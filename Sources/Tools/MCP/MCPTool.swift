package import Jobs
import OrderedCollections

/// A tool of an MCP server.
package struct MCPTool: Tool {
    package let name: String
    private let tool: String
    private let server: MCPServer
    private let settings: MCPServerSettings

    /// - Parameters:
    ///   - name: One of the server that `settings` are of.
    ///   - server: The one that runs with these settings.
    package init(_ name: MCPToolName, of server: MCPServer, _ settings: MCPServerSettings) {
        self.name = "\(name.server).\(name.tool)"
        (tool, self.server, self.settings) = (name.tool, server, settings)
    }

    private var timeout: Duration { settings.tools[tool]?.timeout ?? settings.timeout }

    /// What the server says of the tool; the configuration's effect goes before the server's hints.
    package func specification() async throws -> ToolSpecification {
        let tools = try await server.tools(timeout: settings.timeout)
        guard let description = tools[tool] else {
            let names = CommandFailure.quoted(tools.keys.sorted().joined(separator: ", "), CommandFailure.quoteMax)
            throw Failure(
                .permanent,
                "the MCP server \(settings.name) has no tool \"\(tool)\"",
                hint: names.isEmpty ? "it has none" : "it has \(names)"
            )
        }
        return ToolSpecification(
            summary: description.summary,
            parameters: description.parameters,
            effect: settings.tools[tool]?.effect ?? description.effect
        )
    }

    package func call(_ invocation: ToolInvocation) async throws -> JSON {
        let failure = MCPFailure(tool: name, server: settings.name, effect: try await specification().effect)
        do {
            let answer = try await server.call(
                tool,
                invocation.arguments,
                idempotencyKey: invocation.idempotencyKey,
                timeout: timeout
            )
            switch answer {
            case .success(let result): return try MCPToolResult(json: result).output(failure)
            case .failure(let error): throw failure.refused(error)
            }
        } catch let loss as MCPLoss {
            throw failure.lost(loss)
        }
    }
}
