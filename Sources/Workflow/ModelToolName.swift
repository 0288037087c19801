import Tools

/// What models are told that tools are called.
///
/// Providers allow only letters, digits, `_` and `-` in the name of a function, 64 at most (OpenAI API reference, function
/// calling): a server's tool `time.get_current_time` is told as `time__get_current_time`. The names of two servers differ
/// before the first `_`, so their tools never meet; tools of one server that do are refused in one agent.
enum ModelToolName {
    static let lengthMax = 64

    static func text(of tool: String) -> String {
        guard let name = MCPToolName(tool) else { return tool }
        return String("\(name.server)__\(name.tool.replacing(".", with: "_"))".prefix(lengthMax))
    }

    /// The one of `tools` that a model means by `name`; its own name, which a prompt may mention, will do.
    static func tool(_ name: String, amongst tools: [String]) -> String? {
        tools.first { text(of: $0) == name || $0 == name }
    }
}
