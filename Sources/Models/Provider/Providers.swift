/// The registry of the providers: a provider that is listed here can be configured.
package enum Providers {
    /// The providers behind an HTTP API, the most common first: of several that could have written a text, the first
    /// counts.
    static let http: [any HTTPProvider] = [OpenAIProvider(), AnthropicProvider()]

    /// All providers, in the order in which messages name them.
    static let all: [any Provider] = http + [ScriptedProvider()]

    /// The formats of batch lines; a line that cannot be read is answered in the first of them.
    package static let batchFormats: [any BatchLineFormat] = http.map(\.batchFormat)

    /// The members of a model that only one of the providers reads.
    static var ownMembers: [String] { all.flatMap(\.ownMembers) }

    /// The provider of this name; nil when there is none.
    static func named(_ name: String) -> (any Provider)? { all.first { $0.name == name } }
}
