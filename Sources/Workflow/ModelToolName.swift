import Models
import Tools

/// What models are told that tools are called.
///
/// Providers allow only letters, digits, `_` and `-` in the name of a function, 64 at most (OpenAI API reference, function
/// calling): a server's tool `time.get_current_time` is told as `time__get_current_time`. The names of two servers differ
/// before the first `_`, so their tools never meet; tools of one server that do are refused in one agent.
enum ModelToolName {
    static let lengthMax = ToolNames.lengthMax

    static func text(of tool: String) -> String {
        guard let name = MCPToolName(tool) else { return ToolNames.legal(tool) }
        return ToolNames.legal("\(name.server)__\(name.tool)")
    }

    /// The one of `tools` that a model means by `name`; its own name, which a prompt may mention, will do, and so will
    /// what models make of names when it can be no other tool.
    static func tool(_ name: String, amongst tools: [String]) -> String? {
        if let same = tools.first(where: { text(of: $0) == name || $0 == name }) { return same }
        if let place = ToolNames.place(of: name, amongst: tools.map(text)) { return tools[place] }
        // A server's tool without its server.
        let own = tools.map { MCPToolName($0).map { ToolNames.legal($0.tool) } ?? text(of: $0) }
        guard let place = ToolNames.place(of: name, amongst: own), own.count(where: { $0 == own[place] }) == 1 else {
            return nil
        }
        return tools[place]
    }
}
