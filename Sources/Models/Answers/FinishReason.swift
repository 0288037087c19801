import Documents
import Jobs

/// The meaning of a provider's finish reason, for all known servers.
enum FinishReason: Sendable, Equatable {
    /// The model ended by itself, or for an unknown reason.
    case whole
    /// The model asks for tools.
    case calls
    /// A token limit cut the answer.
    case cut(Limit)
    /// The provider or the model withheld the answer, or a part of it.
    case withheld
    /// The server broke off; the same request may succeed later.
    case broken
    /// The provider waits for the turn to be sent back, in the middle of its own tools.
    case paused

    enum Limit: Sendable, Equatable {
        case answer, context
    }

    /// - Parameter text: The reason as the server sends it; no reason, or a text that means none, gives nil.
    init?(_ text: String?) {
        guard let text, !Self.isNothing(text) else { return nil }
        let word = String(text.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
            .replacing("finish_reason_", with: "")
        self = Self.known[word] ?? .whole
    }

    /// Whether a text means that there is no reason: some servers send such a text, or an empty one.
    static func isNothing(_ text: String) -> Bool {
        let text = text.lowercased().filter { !$0.isWhitespace }
        return ["", "null", "none", "nil", "undefined", "finish_reason_unspecified", "unspecified"].contains(text)
    }

    /// Whether the reason in an event of a stream says that the answer has ended: some servers send `""` or `"null"`
    /// until there is a reason.
    static func isGiven(_ json: JSON?) -> Bool {
        guard let reason = json?.string else { return false }
        return !["", "null", "none"].contains(reason.lowercased())
    }

    /// The reasons of OpenAI, Anthropic, Azure, Gemini, Mistral, DeepSeek, Groq, Bedrock, Zhipu, vLLM, llama.cpp,
    /// Ollama and TGI.
    private static let known: [String: FinishReason] = [
        "tool_calls": .calls, "tool_call": .calls, "tool_use": .calls, "function_call": .calls,
        "length": .cut(.answer), "max_tokens": .cut(.answer), "max_output_tokens": .cut(.answer),
        "max_completion_tokens": .cut(.answer), "max_length": .cut(.answer), "token_limit": .cut(.answer),
        "truncated": .cut(.answer), "incomplete": .cut(.answer), "max_new_tokens": .cut(.answer),
        "model_length": .cut(.context), "model_context_window_exceeded": .cut(.context),
        "context_length": .cut(.context), "context_length_exceeded": .cut(.context),
        "context_window_exceeded": .cut(.context),
        "content_filter": .withheld, "content_filtered": .withheld, "refusal": .withheld, "refused": .withheld,
        "safety": .withheld, "recitation": .withheld, "blocklist": .withheld, "prohibited_content": .withheld,
        "spii": .withheld, "image_safety": .withheld, "language": .withheld, "sensitive": .withheld,
        "guardrail_intervened": .withheld, "moderation": .withheld, "blocked": .withheld,
        "error": .broken, "abort": .broken, "aborted": .broken, "cancelled": .broken, "canceled": .broken,
        "network_error": .broken, "insufficient_system_resource": .broken, "timeout": .broken,
        "malformed_function_call": .broken, "unexpected_tool_call": .broken, "too_many_tool_calls": .broken,
        "pause_turn": .paused,
    ]
}
