/// What workflows call a tool of an MCP server: `server.tool`.
package struct MCPToolName: Sendable, Hashable {
    /// Letters, digits and `-`, 32 at most: no `_`, so that `server__tool` can be taken apart again.
    package let server: String
    /// As the server calls it: letters, digits, `_`, `-` and `.`, 128 at most (MCP 2026-07-28, server/tools).
    package let tool: String

    /// Nil when `text` is no such name. A command's name has no dot, so it never is one.
    package init?(_ text: String) {
        guard let match = text.wholeMatch(of: /([A-Za-z0-9-]{1,32})\.([A-Za-z0-9_.-]{1,128})/) else { return nil }
        (server, tool) = (String(match.output.1), String(match.output.2))
    }
}
