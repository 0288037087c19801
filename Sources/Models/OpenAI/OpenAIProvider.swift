import Documents
import Jobs
import NIOHTTP1

/// OpenAI's chat completions, which many servers speak.
struct OpenAIProvider: HTTPProvider {
    var name: String { "openai" }
    var baseURLExample: String { "https://api.openai.com/v1" }
    var pathAdvice: String { "the URL ends before it, mostly in /v1" }

    func path(to endpoint: RequestEndpoint) -> String? { endpoint.rawValue }

    func headers(secret: String?) -> HTTPHeaders { secret.map { ["Authorization": "Bearer \($0)"] } ?? [:] }

    func body(
        _ request: ChatRequest,
        model: String,
        parameters: JSON,
        isStreamed: Bool,
        structured: StructuredOutputMode,
        replaysOriginals: Bool
    ) throws(Failure) -> JSON {
        if request.endpoint != .chat { return try PassThroughRequest.body(request, model: model) }
        return try OpenAIRequest.body(
            request,
            model: model,
            parameters: parameters,
            isStreamed: isStreamed,
            structured: structured,
            replaysOriginals: replaysOriginals
        )
    }

    func streamAssembler() -> any StreamAssembler { OpenAIStreamAssembler() }

    func read(_ json: JSON, for request: ChatRequest, _ context: AnswerContext) throws(Failure) -> ChatAnswer {
        if request.endpoint != .chat { return try PassThroughRequest.read(json, for: request, context) }
        return try context.measured(json, OpenAIUsage.read(json)) { () throws(Failure) in
            try OpenAIAnswer.read(json, for: request, context)
        }
    }

    func usage(_ json: JSON?) -> Usage { OpenAIUsage.tokens(json) }

    var answerMember: String { "choices" }

    func isAnswer(_ json: JSON) -> Bool { json["choices"]?.array != nil }

    var answerForm: (name: String, hint: String) {
        ("OpenAI's chat completions", "Set provider: openai, with a base_url that ends in /v1.")
    }

    var batchFormat: any BatchLineFormat { OpenAIBatchFormat(name: name) }
}
