import Jobs

/// The endpoint of a provider that a ready body is for.
package enum RequestEndpoint: String, Sendable, CaseIterable {
    case chat = "/chat/completions"
    case embeddings = "/embeddings"
    case responses = "/responses"
    case completions = "/completions"

    /// Reads the `url` of a batch line, relative or absolute; nil for an unknown endpoint.
    package init?(url: String) {
        guard let endpoint = Self.allCases.first(where: { url.hasSuffix($0.rawValue) }) else { return nil }
        self = endpoint
    }

    /// As a batch file names it.
    package var url: String { "/v1\(rawValue)" }

    /// The member that a request to the endpoint must have.
    package var neededMember: String {
        switch self {
        case .chat: "messages"
        case .embeddings, .responses: "input"
        case .completions: "prompt"
        }
    }
    /// The failure of a model that lacks the endpoint.
    func missing(at model: String) -> Failure {
        let having = Providers.http.filter { $0.path(to: self) != nil }.map { "provider: \($0.name)" }
        var failure = Failure(
            .permanent,
            "the model \(model) has no endpoint \(url): only a model with \(having.joined(separator: " or ")) has one"
        )
        failure.code = "url_mismatch"
        return failure
    }
}
