import Jobs
import NIOHTTP1

/// How a provider is spoken to.
package enum Dialect: Sendable {
    /// OpenAI's chat completions, which many servers speak.
    case openAI
    /// Anthropic's Messages API.
    case anthropic
}

extension Dialect {
    /// What is added to a model's `base_url`.
    var path: String {
        switch self {
        case .openAI: "/chat/completions"
        case .anthropic: "/v1/messages"
        }
    }

    /// - Parameter secret: The key; nil for servers that want none.
    func headers(secret: String?) -> HTTPHeaders {
        switch self {
        case .openAI: secret.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        case .anthropic:
            HTTPHeaders([("anthropic-version", "2023-06-01")] + (secret.map { [("x-api-key", $0)] } ?? []))
        }
    }

    /// - Throws: ``Failure``, permanent, for a ready body in the other dialect.
    func body(_ request: ChatRequest, model: String, parameters: JSON, isStreamed: Bool) throws(Failure) -> JSON {
        switch self {
        case .openAI:
            try OpenAIRequest.body(request, model: model, parameters: parameters, isStreamed: isStreamed)
        case .anthropic:
            try AnthropicRequest.body(request, model: model, parameters: parameters, isStreamed: isStreamed)
        }
    }

    /// For a stream that begins.
    func assembly() -> any AnswerAssembly {
        switch self {
        case .openAI: OpenAIStream()
        case .anthropic: AnthropicStream()
        }
    }

    /// - Parameters:
    ///   - json: A whole answer with a 2xx status.
    ///   - model: The configured name, for servers that do not say theirs.
    /// - Throws: ``Failure``: temporary when the answer is not whole, permanent when it was cut or withheld and the
    ///   request needs all of it.
    func read(_ json: JSON, for request: ChatRequest, model: String, price: Price?) throws(Failure) -> ChatAnswer {
        switch self {
        case .openAI: try OpenAIAnswer.read(json, for: request, model: model, price: price)
        case .anthropic: try AnthropicAnswer.read(json, for: request, model: model, price: price)
        }
    }

    /// One call; what the server does not say is 0.
    ///
    /// - Parameter json: The answer's member `usage`.
    func usage(_ json: JSON?, price: Price?) -> Usage {
        var usage =
            switch self {
            case .openAI: OpenAIAnswer.usage(json)
            case .anthropic: AnthropicAnswer.usage(json)
            }
        usage.costUSD = price?.cost(of: usage) ?? 0
        return usage
    }
}
