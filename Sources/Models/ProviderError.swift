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

    /// Errors that stay until a person acts; mostly at 429, at some gateways also at 400.
    static let exhaustedQuotas: Set<String> = [
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "enforced_spend_limit_reached",
        "budget_exceeded", "billing_error",
    ]

    /// Anthropic has no code of its own for these two, which come as `invalid_request_error` at 400 (the page on its
    /// errors): the only place where the message decides.
    private static let exhaustedQuotaMessages = ["API usage limits", "credit balance is too low"]

    /// - Parameters:
    ///   - status: The HTTP status, not 2xx.
    ///   - body: As it came; it need not be JSON.
    static func verdict(
        status: Int,
        body: [UInt8],
        headers: HTTPHeaders = [:],
        key: Key = Key()
    ) -> ProviderVerdict {
        let content = Content(body)
        let isQuota =
            [400, 402, 403, 429].contains(status) && !exhaustedQuotas.isDisjoint(with: content.names)
            || status == 400 && exhaustedQuotaMessages.contains { content.message?.contains($0) == true }
        var isTemporary = isTemporary(status: status) && !isQuota
        // The provider knows best whether this very error passes; the official clients obey it too.
        switch headers.first(name: "x-should-retry")?.lowercased() {
        case "true": isTemporary = true
        case "false": isTemporary = false
        default: break
        }
        let name = content.names.first.map { " (\(ProviderText.short($0, hiding: key.secret)))" } ?? ""
        let said = content.message.map { ": \(ProviderText.short($0, hiding: key.secret))" } ?? ""
        let isBusy = [429, 503, 529].contains(status)
        let wait = RetryAfter.duration(headers) ?? (isBusy ? RateLimitHeaders.wait(headers) : nil)
        var failure = Failure(
            isTemporary ? .temporary : .permanent,
            "the provider answered HTTP \(status)\(name)\(said)",
            hint: isTemporary ? nil : hint(status: status, isQuota: isQuota, content, key),
            retryAfter: isTemporary ? wait : nil
        )
        failure.response = ProviderResponse.json(status: status, body: body, headers: headers, hiding: key.secret)
        var effect = ProviderVerdict.Effect.none
        if isTemporary {
            if isBusy, let wait { effect = .pause(wait) }
        } else if isQuota || [401, 402, 403].contains(status) {
            effect = .stop
        }
        return ProviderVerdict(failure: failure, effect: effect)
    }

    /// The verdict on an answer with status 200 that is an error, as some gateways pass on what their upstream said;
    /// nil when it is none.
    static func verdict(inside answer: JSON, key: Key) -> ProviderVerdict? {
        guard let error = answer["error"], !error.isNull, answer["choices"] == nil, answer["content"] == nil else {
            return nil
        }
        return verdict(of: answer, key: key)
    }

    /// The verdict on an error that came without a status: with that of its code or type, or as 502.
    ///
    /// - Parameter json: With the member `error`.
    static func verdict(of json: JSON, key: Key = Key()) -> ProviderVerdict {
        let code = json["error"]?["code"]
        let number = (code?.int ?? code?.string.flatMap { Int($0) }).flatMap { (400..<600).contains($0) ? $0 : nil }
        let named = Content(json.bytes).names.compactMap { statuses[$0] }.first
        return verdict(status: number ?? named ?? 502, body: json.bytes, key: key)
    }

    /// Of the types and codes of both dialects, of llama.cpp and of the quotas.
    private static let statuses: [String: Int] = [
        "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
        "not_found_error": 404, "conflict_error": 409, "request_too_large": 413, "rate_limit_error": 429,
        "rate_limit_exceeded": 429, "slow_down": 429, "ramp_limit_exceeded": 429, "api_error": 500,
        "server_error": 500, "not_supported_error": 501, "unavailable_error": 503, "timeout_error": 504,
        "overloaded_error": 529, "context_length_exceeded": 400, "exceed_context_size_error": 400,
        "invalid_api_key": 401,
    ].merging(exhaustedQuotas.map { ($0, 429) }) { first, _ in first }

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
