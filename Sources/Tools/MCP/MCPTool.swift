package import Documents
import Jobs
import OrderedCollections

/// A tool of an MCP server.
package struct MCPTool: Tool {
    package let name: String
    private let tool: String
    private let server: MCPServer
    private let settings: MCPServerSettings

    /// - Parameters:
    ///   - name: A tool of the server that `settings` describe.
    ///   - server: The server that runs with these settings.
    package init(_ name: MCPToolName, of server: MCPServer, _ settings: MCPServerSettings) {
        self.name = "\(name.server).\(name.tool)"
        (tool, self.server, self.settings) = (name.tool, server, settings)
    }

    /// How long to wait for one call; progress that the server reports extends it.
    private var patience: MCPTimeout {
        let tool = settings.tools[tool]
        let timeout = tool?.timeout ?? settings.timeout
        let maximum = tool?.timeoutMax ?? settings.timeoutMax ?? MCPServerSettings.timeoutMax(of: timeout)
        return .progress(timeout, atMost: maximum)
    }

    /// The tool as the server describes it; an effect in the configuration overrules the server's hints.
    package func specification() async throws -> ToolSpecification {
        try await specification(startPatience: MCPServer.startPatience)
    }

    private func specification(startPatience: Duration?) async throws -> ToolSpecification {
        let tools = try await server.tools(timeout: settings.timeout, startPatience: startPatience)
        guard let description = tools[tool] else {
            let names = CommandFailureBuilder.quoted(
                tools.keys.sorted().joined(separator: ", "),
                CommandFailureBuilder.quoteMax
            )
            throw Failure(
                .permanent,
                "the MCP server \(settings.name) has no tool \"\(tool)\"",
                hint: names.isEmpty ? "it has none" : "it has \(names)"
            )
        }
        return ToolSpecification(
            summary: description.summary,
            parameters: description.parameters,
            effect: settings.tools[tool]?.effect ?? description.effect,
            answerMax: settings.tools[tool]?.answerMax
        )
    }

    package func call(_ invocation: ToolInvocation) async throws -> JSON {
        let effect = try await specification(startPatience: nil).effect
        let failure = MCPFailure(tool: name, server: settings.name, effect: effect)
        do {
            let answer = try await server.call(
                tool,
                invocation.arguments,
                idempotencyKey: invocation.idempotencyKey,
                patience
            )
            switch answer {
            case .success(let result):
                let paths = ArtifactPaths(invocation.artifacts)
                return try MCPToolResult(json: result).output(failure) { data throws(Failure) in
                    guard let bytes = data.bytes, !bytes.isEmpty else { return nil }
                    return try ArtifactFile.write(bytes, of: invocation.step, ending: data.fileEnding, in: paths)
                }
            case .failure(let error): throw failure.refused(error)
            }
        } catch let loss as MCPRequestError {
            throw failure.lost(loss)
        }
    }
}
