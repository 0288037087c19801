import Documents
import Jobs
import NIOHTTP1
import OrderedCollections

/// The meaning of an answer with an error status: whether a retry may succeed, and what an operator can do.
///
/// It follows the error pages of OpenAI and Anthropic, and errors seen from llama.cpp, Ollama and LiteLLM.
enum ProviderError {
    /// The key of the request.
    struct Key {
        /// The model's `api_key`; nil when it has none.
        var reference: KeyReference?
        /// The key itself and the secrets of configured headers, to remove them from the provider's messages.
        var secrets: [String] = []
    }

    /// Errors that last until an operator acts; mostly with status 429, from some gateways also with 400.
    static let exhaustedQuotas: Set<String> = [
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "enforced_spend_limit_reached",
        "budget_exceeded", "billing_error",
    ]

    /// Anthropic sends these two as `invalid_request_error` with status 400, without a code of their own (its page on
    /// errors); only here does the message decide.
    private static let exhaustedQuotaMessages = ["API usage limits", "credit balance is too low"]

    /// - Parameters:
    ///   - status: The HTTP status, not 2xx.
    ///   - body: The body as received; it need not be JSON.
    static func verdict(
        status: Int,
        body: [UInt8],
        headers: HTTPHeaders = [:],
        key: Key = Key()
    ) -> ClassifiedError {
        let json = body.count <= ProviderResponse.bodyMax ? try? JSONParser.parse(body) : nil
        return verdict(status: status, isInside: false, body: json, ErrorContent(body), headers: headers, key: key)
    }

    /// - Parameter body: The body, as a script makes it.
    static func verdict(status: Int, body: JSON, headers: HTTPHeaders) -> ClassifiedError {
        verdict(status: status, isInside: false, body: body, ErrorContent(body), headers: headers, key: Key())
    }

    private static func verdict(
        status: Int,
        isInside: Bool,
        body: JSON?,
        _ content: ErrorContent,
        headers: HTTPHeaders,
        key: Key
    ) -> ClassifiedError {
        let isQuota =
            [400, 402, 403, 429].contains(status) && !exhaustedQuotas.isDisjoint(with: content.names)
            || status == 400 && exhaustedQuotaMessages.contains { content.message?.contains($0) == true }
        var isTemporary = isTemporary(status: status) && !isQuota
        // The provider knows whether this error passes; the official clients obey this header, too.
        switch headers.first(name: "x-should-retry")?.lowercased() {
        case "true": isTemporary = true
        case "false": isTemporary = false
        default: break
        }
        let name = content.names.first.map { " (\(ProviderText.short($0, hiding: key.secrets)))" } ?? ""
        let said = content.message.map { ": \(ProviderText.short($0, hiding: key.secrets))" } ?? ""
        let isBusy = [429, 503, 529].contains(status)
        let wait =
            RetryAfter.duration(headers)
            ?? (isBusy ? RateLimitHeaders.wait(headers, isRefused: true, message: content.message) : nil)
        let answered = isInside ? "the provider answered with an error" : "the provider answered HTTP \(status)"
        var failure = Failure(
            isTemporary ? .temporary : .permanent,
            "\(answered)\(name)\(said)",
            hint: isTemporary ? nil : hint(status: status, isQuota: isQuota, content, key),
            retryAfter: isTemporary ? wait : nil
        )
        failure.response = ProviderResponse.json(
            status: status,
            body: body,
            content,
            headers: headers,
            hiding: key.secrets
        )
        var effect = ClassifiedError.Effect.none
        if isTemporary {
            if isBusy { effect = .rest(wait, status == 429 ? .quota : .overload) }
        } else if isQuota || [401, 402, 403].contains(status) {
            effect = .stop
        }
        var verdict = ClassifiedError(failure: failure, effect: effect)
        if [400, 422].contains(status) { verdict.refusal = content }
        return verdict
    }

    /// The verdict on an error with status 200, which some gateways send for their upstream; nil when the answer is not
    /// an error.
    static func verdict(inside answer: JSON, key: Key) -> ClassifiedError? {
        isError(answer) ? verdict(of: answer, key: key) : nil
    }

    /// Whether a value that came as an answer, or as an event of a stream, is an error.
    static func isError(_ json: JSON, isEvent: Bool = false) -> Bool {
        if let first = json.array?.first { return isError(first) }
        guard json.object != nil else { return false }
        if json["object"] == "error" || json["type"] == "error" { return true }
        let answers = [json["choices"], json["content"]].contains { $0?.array?.isEmpty == false }
        if let error = json["error"], ![.null, false, "", [:], []].contains(error), isEvent || !answers { return true }
        // Anything else with a member of an answer is not an error.
        if ["choices", "content", "type", "usage", "delta", "output"].contains(where: { json[$0] != nil }) {
            return false
        }
        let hasErrors = ["errors", "detail", "fault"].contains { name in
            json[name].map { ![.null, "", [:], []].contains($0) } ?? false
        }
        let hasMessage = (json["message"]?.string ?? json["msg"]?.string)?.isEmpty == false
        return hasErrors || hasMessage
    }

    /// The verdict on an error without a status: its code or type gives the status, else it counts as 502.
    static func verdict(of json: JSON, key: Key = Key()) -> ClassifiedError {
        let content = ErrorContent(json)
        let named = content.names.lazy.compactMap(ErrorStatuses.status(of:)).first
        let status = content.status ?? named ?? 502
        let body = json.bytes.count <= ProviderResponse.bodyMax ? json : nil
        return verdict(status: status, isInside: true, body: body, content, headers: [:], key: key)
    }

    static func isTemporary(status: Int) -> Bool {
        switch status {
        case 408, 409, 425, 429: true
        // Not implemented; HTTP version not supported.
        case 501, 505: false
        default: status >= 500
        }
    }

    private static func hint(status: Int, isQuota: Bool, _ content: ErrorContent, _ key: Key) -> String {
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
