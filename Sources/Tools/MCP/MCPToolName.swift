import Documents
import Jobs

/// The name by which workflows call a tool of an MCP server: `server.tool`.
package struct MCPToolName: Sendable, Hashable {
    /// Letters, digits and `-`, 32 at most: no `_`, so that `server__tool` can be taken apart again.
    package let server: String
    /// The server's name for it: letters, digits, `_`, `-` and `.`, 128 at most (MCP 2026-07-28, server/tools).
    package let tool: String

    /// Nil when `text` is not such a name; a command's name has no dot, so it never is one.
    package init?(_ text: String) {
        guard let dot = text.firstIndex(of: ".") else { return nil }
        let (server, tool) = (text[..<dot], text[text.index(after: dot)...])
        guard server.isPlainName(with: "-", limit: 32), tool.isPlainName(with: "_.-", limit: 128) else { return nil }
        (self.server, self.tool) = (String(server), String(tool))
    }
}
