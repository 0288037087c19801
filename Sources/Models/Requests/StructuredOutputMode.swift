import Documents
import Jobs

/// How a request asks for an answer that is JSON of a schema.
package enum StructuredOutputMode: String, Sendable, CaseIterable {
    /// By the provider's own means: `response_format` with the schema, or a tool that takes the answer.
    case jsonSchema = "json_schema"
    /// `response_format: {type: json_object}`, with the schema in the prompt.
    case jsonObject = "json_object"
    /// With the schema in the prompt only.
    case prompt

    /// The form to try when the settings name none.
    ///
    /// - Parameter refusals: How often the server has refused `response_format`.
    init(refusals: Int) {
        switch refusals {
        case ...0: self = .jsonSchema
        case 1: self = .jsonObject
        default: self = .prompt
        }
    }

    /// The messages, with the schema added to the first message of the user.
    func messages(_ messages: [ChatMessage], schema: JSON?) -> [ChatMessage] {
        guard self != .jsonSchema, let schema else { return messages }
        let text = "Answer with nothing but JSON that fits this JSON Schema:\n\(schema.text)"
        var messages = messages
        guard let place = messages.firstIndex(where: { $0.role == .user }) else {
            return messages + [ChatMessage(.user, text)]
        }
        messages[place].content += "\n\n\(text)"
        return messages
    }
}
