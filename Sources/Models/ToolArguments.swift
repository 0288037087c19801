import Jobs

/// The arguments of a tool call, in all the ways in which servers write them.
enum ToolArguments {
    /// The text that counts: a text by the book; some servers send the object itself, a text within a text, or nothing
    /// for no arguments. What is no JSON stays as it is, for the workflow to judge.
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

    /// The same as an object; nil where they are none.
    static func object(_ text: String) -> JSON? {
        guard let value = try? JSONParser.parse(text.utf8), value.object != nil else { return nil }
        return value
    }

    /// What may stand in a request: servers refuse a history with arguments that are no object, for ever.
    static func sendable(_ text: String) -> String { object(text) == nil ? "{}" : text }
}
