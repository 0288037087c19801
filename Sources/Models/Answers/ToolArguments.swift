import Documents
import Jobs

/// Reads the arguments of a tool call, in any form that servers send.
enum ToolArguments {
    /// The arguments as a text.
    ///
    /// The API defines a text; some servers send the object itself, a text within a text, or nothing for no arguments.
    /// A text that is not JSON stays as it is; the workflow checks it. An object becomes a text only for the workflow to
    /// parse it again, because a model's arguments need not be JSON, and those that are not are shown to it unchanged.
    static func text(_ arguments: JSON?) -> String {
        guard let arguments, !arguments.isNull else { return "{}" }
        guard let text = arguments.string else { return arguments.text }
        if text.allSatisfy(\.isWhitespace) { return "{}" }
        guard let value = try? JSONParser.parse(text.utf8) else { return text }
        if value.isNull { return "{}" }
        // Some servers encode the text twice.
        if let inner = value.string, let object = try? JSONParser.parse(inner.utf8), object.object != nil {
            return inner
        }
        return text
    }

    /// The arguments as an object; nil when they are not one.
    static func object(_ text: String) -> JSON? {
        guard let value = try? JSONParser.parse(text.utf8), value.object != nil else { return nil }
        return value
    }

    /// Arguments that a request may hold: servers refuse every request whose history has arguments that are not an
    /// object.
    static func sendable(_ text: String) -> String { object(text) == nil ? "{}" : text }
}
