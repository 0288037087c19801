import Jobs
import NIOHTTP1
import OrderedCollections

/// What an answer with an error status means: whether the same may work later, and what a person can do.
///
/// After the error pages of OpenAI and Anthropic and the errors seen from llama.cpp, Ollama and LiteLLM.
enum ProviderError {
    /// What is known of the request's key.
    struct Key {
        /// Of the model's `api_key`; nil when it has none.
        var reference: KeyReference?
        /// The key itself, only so that it can be taken out of what the provider says.
        var secret: String?
    }

    /// Errors at 429 that stay until a person acts.
    static let exhaustedQuotas: Set<String> = [
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "enforced_spend_limit_reached",
        "budget_exceeded",
    ]

    /// - Parameters:
    ///   - status: The HTTP status, not 2xx.
    ///   - body: As it came; it need not be JSON.
    static func failure(status: Int, body: [UInt8], headers: HTTPHeaders, key: Key = Key()) -> Failure {
        let content = Content(body)
        let isQuota = status == 429 && !exhaustedQuotas.isDisjoint(with: content.names)
        var isTemporary = isTemporary(status: status) && !isQuota
        // The provider knows best whether this very error passes; the official clients obey it too.
        switch headers.first(name: "x-should-retry")?.lowercased() {
        case "true": isTemporary = true
        case "false": isTemporary = false
        default: break
        }
        let name = content.names.first.map { " (\(ProviderText.short($0, hiding: key.secret)))" } ?? ""
        let said = content.message.map { ": \(ProviderText.short($0, hiding: key.secret))" } ?? ""
        return Failure(
            isTemporary ? .temporary : .permanent,
            "the provider answered HTTP \(status)\(name)\(said)",
            hint: isTemporary ? nil : hint(status: status, isQuota: isQuota, content, key),
            retryAfter: isTemporary ? RetryAfter.duration(headers) : nil
        )
    }

    static func isTemporary(status: Int) -> Bool {
        switch status {
        case 408, 409, 425, 429: true
        // Not implemented; HTTP version not supported.
        case 501, 505: false
        default: status >= 500
        }
    }

    private static func hint(status: Int, isQuota: Bool, _ content: Content, _ key: Key) -> String {
        if isQuota { return "The account's quota or budget is used up: raise it at the provider, then retry the job." }
        switch status {
        case 300..<400: return "The provider redirects: set base_url to the address where it is now."
        case 400 where !contextTooLong.isDisjoint(with: content.names):
            return "The request is longer than the model's context: give it less input, or use another model."
        case 400: return "The provider does not accept the request: check the model's parameters and the step."
        case 401:
            guard let reference = key.reference else {
                return "No key was sent: set api_key of the model in the configuration, then retry the job."
            }
            return "Check the key that api_key names, \(reference), then retry the job."
        case 402: return "The provider wants to be paid: settle it there, then retry the job."
        case 403: return "The key may not use this model, or not from here: check its rights at the provider."
        case 404: return "Check the model's name and base_url; base_url mostly ends in /v1."
        case 413: return "The request is too large: give the step less input."
        case 422: return "The provider does not accept the request: check parameters, tools and schemas."
        case 501: return "The server lacks what the step needs: use another server or model, or leave it out."
        default: return "The provider says that trying again does not help; see its message."
        }
    }

    private static let contextTooLong: Set<String> = ["context_length_exceeded", "exceed_context_size_error"]
}

extension ProviderError {
    /// What an error's body says, in whichever of the known forms.
    struct Content {
        /// Code and type, the more exact one first.
        var names: [String] = []
        var message: String?

        init(_ body: [UInt8]) {
            guard let json = try? JSONParser.parse(body) else {
                let text = String(decoding: body.prefix(4 * ProviderText.lengthMax), as: UTF8.self)
                // A page of HTML tells a person nothing on one line.
                let isReadable = !text.isEmpty && !text.contains("<") && !text.hasPrefix("{")
                message = isReadable ? text : nil
                return
            }
            let error = json["error"] ?? json
            // Strings that are only the status again (LiteLLM) say nothing.
            names = [error.value(at: ["details", "error_code"]), error["code"], error["type"]]
                .compactMap { $0?.string }
                .filter { !$0.isEmpty && Int($0) == nil }
            // FastAPI's servers say `detail`, as a text or as a list of what is invalid.
            let detail = error["detail"].map { $0.string ?? $0.text }
            message = error.string ?? error["message"]?.string ?? detail
        }
    }
}
