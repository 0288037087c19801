package import Documents
package import Jobs

/// A model that answers chats: the interface between workflows and providers.
package protocol ChatModel: Sendable {
    /// The model's name in the configuration.
    var name: String { get }

    /// Waits for a permit of the model, and runs `body` while holding it.
    ///
    /// The permit is taken before a step's intent is recorded, so that a waiting step has not begun. `body` gets this
    /// model, or its fallback while this model is down.
    ///
    /// - Throws: ``ModelPause`` when the model takes no calls for a while and `body` has not run; `CancellationError`
    ///   when the calling task was cancelled while it waited; else what `body` throws.
    func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value

    /// The most that one call can use, by the request's length, the answer's limit and the price.
    ///
    /// A budget reserves it before the call.
    func worstCase(of request: ChatRequest) -> Usage

    /// Calls the model once; the caller retries.
    ///
    /// - Throws: ``Failure`` with the class of the provider's answer (temporary, permanent, unknown); ``ModelPause``
    ///   when the model rests or its quota refused the call, which does not fail the step; `CancellationError` when the
    ///   calling task was cancelled.
    func complete(_ request: ChatRequest) async throws -> ChatAnswer
}

extension ChatModel {
    package func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value { try await body(self) }

    package func worstCase(of request: ChatRequest) -> Usage {
        var usage = Usage()
        usage.modelCalls = 1
        return usage
    }
}

/// The model takes no calls for a while: its server asked for that or refused calls, or its limits per minute are used
/// up.
package struct ModelPause: Error, Sendable, Equatable {
    /// How long to wait, from now.
    package var duration: Duration
    /// The reason, as one sentence without its full stop, with the model's name: `the model default rests for 2s: …`.
    package var reason: String
    /// How long refusals for quota cost a step no attempt; nil unless the model was called and its quota refused the
    /// call.
    package var patience: Duration?
    /// The usage so far in the same attempt.
    package var usage: Usage?

    package init(for duration: Duration, _ reason: String) { (self.duration, self.reason) = (duration, reason) }
}

/// One request to a model.
package struct ChatRequest: Sendable {
    package var messages: [ChatMessage]
    package var tools: [ToolDescription]
    /// The JSON Schema that the answer must fit; it is sent to the provider.
    package var outputSchema: JSON?
    /// The same in every attempt at the step; sent as `Idempotency-Key`.
    package var idempotencyKey: String
    /// Counts from 1.
    package var attempt: Int
    /// A request body in the provider's own form (a line of a batch file).
    ///
    /// Its members take precedence over the configuration, except for the model's name, and ``messages`` is not used.
    package var body: JSON?
    /// What to do with a cut answer; nil for the model's setting.
    package var onTruncated: OnTruncated?
    /// The endpoint that a ready body is sent to.
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
    /// The calls of an assistant's message.
    package var toolCalls: [ModelToolCall] = []
    /// The id of the call that a tool's message answers.
    package var toolCallID: String?
    /// Everything that the model sent in an assistant's message; nil when that is only text and calls.
    package var original: RawAssistantMessage?

    package init(_ role: Role, _ content: String, toolCalls: [ModelToolCall] = [], toolCallID: String? = nil) {
        (self.role, self.content, self.toolCalls, self.toolCallID) = (role, content, toolCalls, toolCallID)
    }
}

/// A tool call that a model asks for.
package struct ModelToolCall: Sendable, Equatable {
    package var id: String
    package var name: String
    /// The arguments as the model wrote them: meant to be JSON, but not always valid.
    package var arguments: String

    package init(id: String, name: String, arguments: String) {
        (self.id, self.name, self.arguments) = (id, name, arguments)
    }
}

/// The description of a tool that is sent to a model.
package struct ToolDescription: Sendable, Equatable {
    package var name: String
    package var description: String
    /// The JSON Schema of the arguments.
    package var parameters: JSON

    package init(name: String, description: String, parameters: JSON) {
        (self.name, self.description, self.parameters) = (name, description, parameters)
    }
}

/// The answer of a model.
package struct ChatAnswer: Sendable {
    package var text: String
    package var toolCalls: [ModelToolCall]
    /// The tokens and the cost of the call.
    package var usage: Usage
    /// The model's name as the provider reports it; a scripted model reports that it is no model.
    package var model: String
    /// The provider's id of the request, to quote to its support.
    package var requestID: String?
    /// The configured name of the fallback that answered; nil when the requested model answered.
    package var fallback: String?
    /// The finish reason, whether the answer was cut, and the model's reasoning.
    package var facts = AnswerMetadata()
    /// Everything that the model sent, to be sent back to it; nil when that is only text and calls.
    package var original: RawAssistantMessage?
    /// The provider's whole answer, for batch output files.
    package var body: JSON
    /// The size of the model's output in bytes.
    var outputBytes = 0

    package init(text: String, toolCalls: [ModelToolCall] = [], usage: Usage, model: String, body: JSON) {
        (self.text, self.toolCalls, self.usage, self.model, self.body) = (text, toolCalls, usage, model, body)
    }
}
