import Documents
import Jobs
import NIOHTTP1

/// The API that a provider speaks.
package enum Dialect: Sendable {
    /// OpenAI's chat completions, which many servers speak.
    case openAI
    /// Anthropic's Messages API.
    case anthropic
}

extension Dialect {
    /// The path that is appended to a model's `base_url`.
    var path: String {
        switch self {
        case .openAI: "/chat/completions"
        case .anthropic: "/v1/messages"
        }
    }

    /// - Parameter secret: The key; nil for servers that need none.
    func headers(secret: String?) -> HTTPHeaders {
        switch self {
        case .openAI: secret.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        case .anthropic:
            HTTPHeaders([("anthropic-version", "2023-06-01")] + (secret.map { [("x-api-key", $0)] } ?? []))
        }
    }

    /// - Parameters:
    ///   - structured: How the request conveys a schema for the answer.
    ///   - givesBack: Whether the model's own turns are sent back unchanged; some servers refuse what they sent.
    /// - Throws: ``Failure``, permanent, for a ready body in the other dialect.
    func body(
        _ request: ChatRequest,
        model: String,
        parameters: JSON,
        isStreamed: Bool,
        structured: StructuredOutputMode = .jsonSchema,
        replaysOriginals: Bool = true
    ) throws(Failure) -> JSON {
        if request.endpoint != .chat { return try PassThroughRequest.body(request, model: model, dialect: self) }
        switch self {
        case .openAI:
            return try OpenAIRequest.body(
                request,
                model: model,
                parameters: parameters,
                isStreamed: isStreamed,
                structured: structured,
                replaysOriginals: replaysOriginals
            )
        case .anthropic:
            return try AnthropicRequest.body(
                request,
                model: model,
                parameters: parameters,
                isStreamed: isStreamed,
                structured: structured,
                replaysOriginals: replaysOriginals
            )
        }
    }

    /// A new assembly for one stream.
    func assembly() -> any StreamAssembler {
        switch self {
        case .openAI: OpenAIStreamAssembler()
        case .anthropic: AnthropicStreamAssembler()
        }
    }

    /// Reads an answer with a 2xx status.
    ///
    /// - Throws: ``Failure``: temporary when the answer is incomplete or empty, permanent when it was withheld, or was
    ///   cut and all of it is needed. The failure holds the reported usage, else an estimate.
    func read(_ json: JSON, for request: ChatRequest, _ reading: AnswerContext) throws(Failure) -> ChatAnswer {
        if request.endpoint != .chat { return try PassThroughRequest.read(json, for: request, reading) }
        do throws(Failure) {
            var answer =
                switch self {
                case .openAI: try OpenAIAnswer.read(json, for: request, reading)
                case .anthropic: try AnthropicAnswer.read(json, for: request, reading)
                }
            answer.usage = reading.completed(answer.usage, outputBytes: answer.outputBytes)
            return answer
        } catch {
            var failure = error
            let used = self == .openAI ? OpenAIUsage.read(json) : AnthropicAnswer.usage(json["usage"])
            let written = AnswerContext.bytes(json)
            // If nothing came, there is no usage to estimate.
            let usage = used.tokens > 0 || written > 0 ? reading.completed(used, outputBytes: written) : used
            if usage.tokens > 0 { failure.usage = usage }
            throw failure
        }
    }

    /// The usage of one call; a count that the server does not report is 0.
    ///
    /// - Parameter json: The answer's member `usage`.
    func usage(_ json: JSON?, price: Price?) -> Usage {
        var usage =
            switch self {
            case .openAI: OpenAIUsage.tokens(json)
            case .anthropic: AnthropicAnswer.usage(json)
            }
        usage.costUSD = price?.cost(of: usage) ?? 0
        return usage
    }
}
