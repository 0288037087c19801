package import Jobs

/// A model that answers chats: the one seam between workflows and providers.
package protocol ChatModel: Sendable {
    /// The model's name in the configuration.
    var name: String { get }

    /// Waits for the model's turn, and runs `body` with the model to ask while holding it.
    ///
    /// The turn is taken before a step's intent is recorded, so that a step that waits was not begun. The model that
    /// `body` is given is this one, or the one that stands in for it while it is down.
    ///
    /// - Throws: ``ModelPause`` when the model is not to be asked for a while, and nothing was; `CancellationError`
    ///   when the calling task was cancelled while it waited; else what `body` throws.
    func withTurn<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value

    /// What one call may use at the most, by the request's length, the answer's limit and the price: what a budget
    /// reserves before the call.
    func worstCase(of request: ChatRequest) -> Usage

    /// Asks the model once; retrying is the caller's business.
    ///
    /// - Throws: ``Failure`` with the class that the provider's answer has (temporary, permanent, unknown);
    ///   ``ModelPause`` when the model rests, or its quota refused the call, which is no failure of the step;
    ///   `CancellationError` when the calling task was cancelled.
    func complete(_ request: ChatRequest) async throws -> ChatAnswer
}

extension ChatModel {
    package func withTurn<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value { try await body(self) }

    package func worstCase(of request: ChatRequest) -> Usage {
        var usage = Usage()
        usage.modelCalls = 1
        return usage
    }
}

/// A model is not to be asked for a while: it said so, or its requests or tokens a minute are used up.
package struct ModelPause: Error, Sendable, Equatable {
    /// How long from now.
    package var duration: Duration
    /// Why, as one sentence without its full stop, with the model's name: `the model default rests for 2s: …`.
    package var reason: String
    /// Where the model was asked and refused for its quota: how long a step may be so refused before it costs attempts.
    /// Nil where it was not asked.
    package var patience: Duration?
    /// What was used before, in the same attempt.
    package var usage: Usage?

    package init(for duration: Duration, _ reason: String) { (self.duration, self.reason) = (duration, reason) }
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
    /// What is done with an answer that was cut; nil for what the model's settings say.
    package var onTruncated: OnTruncated?
    /// Where a ready body goes.
    package var endpoint = RequestEndpoint.chat

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
    /// Of an assistant's message: all that its model sent, where that is more than text and calls.
    package var original: OriginalTurn?

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
    /// The provider's id of the request, for its support.
    package var requestID: String?
    /// The configured name of the model that answered in the place of the one that was asked.
    package var fallback: String?
    /// Why it ended, whether it was cut, and what the model thought.
    package var facts = AnswerFacts()
    /// All that the model sent, where that is more than text and calls: to be given back to it.
    package var original: OriginalTurn?
    /// The provider's whole answer, for batch output files.
    package var body: JSON
    /// Of what the model wrote.
    var outputBytes = 0

    package init(text: String, toolCalls: [ModelToolCall] = [], usage: Usage, model: String, body: JSON) {
        (self.text, self.toolCalls, self.usage, self.model, self.body) = (text, toolCalls, usage, model, body)
    }
}
