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
}
