@testable import Models

/// The API of a provider, as an argument of tests; its raw value is the provider's name in the configuration.
enum API: String, Sendable {
    case openAI = "openai"
    case anthropic

    var provider: any HTTPProvider {
        switch self {
        case .openAI: OpenAIProvider()
        case .anthropic: AnthropicProvider()
        }
    }
}
