import Models
import Tools

/// The names of tools in requests to models.
///
/// Providers allow only letters, digits, `_` and `-` in the name of a function, 64 at most (OpenAI API reference,
/// function calling): a server's tool `time.get_current_time` becomes `time__get_current_time`. The names of two
/// servers differ before the first `_`, so their tools never collide; an agent with two tools of one server that
/// collide is refused.
enum ModelToolName {
    static let lengthMax = ToolNames.lengthMax

    static func text(of tool: String) -> String {
        guard let name = MCPToolName(tool) else { return ToolNames.legal(tool) }
        return ToolNames.legal("\(name.server)__\(name.tool)")
    }

    /// The tool that a model means by `name`; nil when no tool or more than one matches.
    ///
    /// A tool's own name, which a prompt may mention, matches too, and so do the forms that models make of names.
    static func tool(_ name: String, amongst tools: [String]) -> String? {
        if let same = tools.first(where: { text(of: $0) == name || $0 == name }) { return same }
        if let place = ToolNames.place(of: name, amongst: tools.map(text)) { return tools[place] }
        // The name of a server's tool without its server.
        let own = tools.map { MCPToolName($0).map { ToolNames.legal($0.tool) } ?? text(of: $0) }
        guard let place = ToolNames.place(of: name, amongst: own), own.count(where: { $0 == own[place] }) == 1 else {
            return nil
        }
        return tools[place]
    }
}
