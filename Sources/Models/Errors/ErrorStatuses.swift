/// The HTTP statuses of error names, for errors that come without a status.
enum ErrorStatuses {
    /// The status of an error type or code of OpenAI, Anthropic, Google, llama.cpp, vLLM or LiteLLM; nil for an unknown
    /// name.
    static func status(of name: String) -> Int? {
        if ProviderError.exhaustedQuotas.contains(name) { return 429 }
        // `rate_limit_error`, `RateLimitError` and `RATE_LIMIT_ERROR` are the same name.
        var letters = name.lowercased().filter { $0.isLetter }
        if letters.hasSuffix("error") { letters.removeLast(5) }
        return statuses[letters]
    }

    private static let statuses: [String: Int] = [
        "invalidrequest": 400, "badrequest": 400, "invalidargument": 400, "failedprecondition": 400,
        "contextlengthexceeded": 400, "exceedcontextsize": 400, "contextwindowexceeded": 400, "validation": 422,
        "unprocessableentity": 422, "extraforbidden": 422, "authentication": 401, "unauthenticated": 401,
        "invalidapikey": 401, "unauthorized": 401, "billing": 402, "permission": 403, "permissiondenied": 403,
        "forbidden": 403, "notfound": 404, "modelnotfound": 404, "timeout": 408, "requesttimeout": 408, "conflict": 409,
        "requesttoolarge": 413, "ratelimit": 429, "ratelimitexceeded": 429, "resourceexhausted": 429, "slowdown": 429,
        "ramplimitexceeded": 429, "toomanyrequests": 429, "throttling": 429, "api": 500, "server": 500,
        "internalserver": 500, "internal": 500, "notsupported": 501, "unimplemented": 501, "badgateway": 502,
        "unavailable": 503, "serviceunavailable": 503, "deadlineexceeded": 504, "overloaded": 529,
    ]
}
