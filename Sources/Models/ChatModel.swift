package import Jobs

/// A model that answers chats: the one seam between workflows and providers.
package protocol ChatModel: Sendable {
    /// The model's name in the configuration.
    var name: String { get }

    /// Asks the model once; retrying is the caller's business.
    ///
    /// - Throws: ``Failure`` with the class that the provider's answer has (temporary, permanent, unknown), and
    ///   `CancellationError` when the calling task was cancelled.
    func complete(_ request: ChatRequest) async throws -> ChatAnswer
}

/// What a model is asked.
package struct ChatRequest: Sendable {
    package var messages: [ChatMessage]
    package var tools: [ToolDescription]
    /// JSON Schema that the answer must fit; providers that can enforce it are told.
    package var outputSchema: JSON?
    /// The same in every attempt at the step; sent as `Idempotency-Key`.
    package var idempotencyKey: String
    /// From 1.
    package var attempt: Int
    /// A request body in the provider's own form (a line of a batch file); its members win over the configuration,
    /// except for the model's name, and `messages` above are not used.
    package var body: JSON?

    package init(
        messages: [ChatMessage],
        tools: [ToolDescription] = [],
        outputSchema: JSON? = nil,
        idempotencyKey: String,
        attempt: Int,
        body: JSON? = nil
    ) {
        (self.messages, self.tools, self.outputSchema) = (messages, tools, outputSchema)
        (self.idempotencyKey, self.attempt, self.body) = (idempotencyKey, attempt, body)
    }
}

package struct ChatMessage: Sendable, Equatable {
    package enum Role: String, Sendable {
        case system, user, assistant, tool
    }

    package var role: Role
    package var content: String
    /// Of an assistant's message.
    package var toolCalls: [ModelToolCall] = []
    /// Of a tool's message: the call that it answers.
    package var toolCallID: String?

    package init(_ role: Role, _ content: String, toolCalls: [ModelToolCall] = [], toolCallID: String? = nil) {
        (self.role, self.content, self.toolCalls, self.toolCallID) = (role, content, toolCalls, toolCallID)
    }
}

/// A tool call that a model asks for.
package struct ModelToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// As the model wrote them: meant to be JSON, and not always.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        (self.id, self.name, self.arguments) = (id, name, arguments)
    }
}

/// What a model is told about a tool.
package struct ToolDescription: Sendable, Equatable {
    package var name: String
    package var description: String
    /// JSON Schema of the arguments.
    package var parameters: JSON

    package init(name: String, description: String, parameters: JSON) {
        (self.name, self.description, self.parameters) = (name, description, parameters)
    }
}

/// What a model answered.
package struct ChatAnswer: Sendable {
    package var text: String
    package var toolCalls: [ModelToolCall]
    /// One model call, its tokens and its price.
    package var usage: Usage
    /// The model as the provider names it; the scripted one says that it is no model.
    package var model: String
    /// The provider's whole answer, for batch output files.
    package var body: JSON

    package init(text: String, toolCalls: [ModelToolCall] = [], usage: Usage, model: String, body: JSON) {
        (self.text, self.toolCalls, self.usage, self.model, self.body) = (text, toolCalls, usage, model, body)
    }
}
