import Documents
import Jobs
import NIOHTTP1

/// Anthropic's Messages API.
struct AnthropicProvider: HTTPProvider {
    var name: String { "anthropic" }
    var baseURLExample: String { "https://api.anthropic.com" }
    var baseURLDefault: String? { baseURLExample }
    var keyHeader: String { "x-api-key" }
    var pathAdvice: String { "the URL ends before it" }

    func fault(of endpoint: Endpoint) -> String? {
        endpoint.baseURL.hasSuffix("/v1") ? "leave /v1 out; the URL ends before it, such as \(baseURLExample)" : nil
    }

    func path(to endpoint: RequestEndpoint) -> String? { endpoint == .chat ? "/v1/messages" : nil }

    func headers(secret: String?) -> HTTPHeaders {
        HTTPHeaders([("anthropic-version", "2023-06-01")] + (secret.map { [(keyHeader, $0)] } ?? []))
    }

    func body(
        _ request: ChatRequest,
        model: String,
        parameters: JSON,
        isStreamed: Bool,
        structured: StructuredOutputMode,
        replaysOriginals: Bool
    ) throws(Failure) -> JSON {
        try AnthropicRequest.body(
            request,
            model: model,
            parameters: parameters,
            isStreamed: isStreamed,
            structured: structured,
            replaysOriginals: replaysOriginals
        )
    }

    func limitDefault(_ request: ChatRequest, parameters: JSON) -> Int? {
        request.body?["max_tokens"] == nil && parameters["max_tokens"] == nil ? Usage.outputTokensDefault : nil
    }

    func streamAssembler() -> any StreamAssembler { AnthropicStreamAssembler() }

    func read(_ json: JSON, for request: ChatRequest, _ context: AnswerContext) throws(Failure) -> ChatAnswer {
        try context.measured(json, usage(json["usage"])) { () throws(Failure) in
            try AnthropicAnswer.read(json, for: request, context)
        }
    }

    func usage(_ json: JSON?) -> Usage { AnthropicAnswer.usage(json) }

    var answerMember: String { "content" }

    func isAnswer(_ json: JSON) -> Bool { json["type"] == "message" && json["content"]?.array != nil }

    var answerForm: (name: String, hint: String) { ("Anthropic's Messages API", "Set provider: anthropic.") }

    var batchFormat: any BatchLineFormat { AnthropicBatchFormat(name: name) }
}
