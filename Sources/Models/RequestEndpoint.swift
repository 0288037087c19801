/// Which endpoint of a provider a ready body is for.
package enum RequestEndpoint: String, Sendable, CaseIterable {
    case chat = "/chat/completions"
    case embeddings = "/embeddings"
    case responses = "/responses"
    case completions = "/completions"

    /// By the `url` of a line of a batch, relative or whole; nil for an endpoint that is not known here.
    package init?(url: String) {
        guard let endpoint = Self.allCases.first(where: { url.hasSuffix($0.rawValue) }) else { return nil }
        self = endpoint
    }

    /// As a batch file names it.
    package var url: String { "/v1\(rawValue)" }

    /// The member that such a request cannot do without.
    package var neededMember: String {
        switch self {
        case .chat: "messages"
        case .embeddings, .responses: "input"
        case .completions: "prompt"
        }
    }
}
