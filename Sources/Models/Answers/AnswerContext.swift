import Documents
import Jobs
import OrderedCollections

/// What is needed to read an answer, besides the answer and its request.
struct AnswerContext: Sendable {
    /// The configured name of the model, for servers that do not report one.
    var model: String
    var dialect: Dialect
    var price: Price?
    /// The model's setting; nil when it has none.
    var onTruncated: OnTruncated?
    /// The default token limit that the dialect made necessary, because neither the request nor the settings name one;
    /// else nil.
    var limitDefault: Int?
    /// The size of the request body in bytes, to estimate usage that the server does not report; nil for no estimate.
    var requestBytes: Int?

    init(model: String, dialect: Dialect, price: Price? = nil) {
        (self.model, self.dialect, self.price) = (model, dialect, price)
    }

    /// The author's name in an original turn: the dialect and the model.
    static func author(_ dialect: Dialect, _ model: String) -> String {
        "\(dialect == .openAI ? "openai" : "anthropic") \(model)"
    }

    var author: String { Self.author(dialect, model) }

    /// Fills in what the server did not report, with the estimate that budgets use: one token per three bytes.
    ///
    /// - Parameter outputBytes: The size of the model's output in bytes.
    func completed(_ usage: Usage, outputBytes: Int) -> Usage {
        var usage = usage
        if let requestBytes {
            if usage.inputTokens == 0 {
                usage.inputTokens = (requestBytes + 2) / 3
                usage.isEstimated = true
            }
            if usage.outputTokens == 0, outputBytes > 0 {
                usage.outputTokens = (outputBytes + 2) / 3
                usage.isEstimated = true
            }
        }
        usage.costUSD = price?.cost(of: usage) ?? 0
        return usage
    }

    /// The size of the model's output in bytes, reasoning included.
    static func bytes(_ parts: AnswerParts) -> Int {
        parts.calls.reduce(parts.text.utf8.count + parts.reasoning.utf8.count) {
            $0 + $1.name.utf8.count + $1.arguments.utf8.count
        }
    }

    /// The same for an answer that could not be read: the size of all strings in its choices or blocks.
    static func bytes(_ json: JSON) -> Int {
        func texts(_ json: JSON) -> Int {
            switch json {
            case .string(let text): text.utf8.count
            case .array(let elements): elements.reduce(0) { $0 + texts($1) }
            case .object(let members): members.values.reduce(0) { $0 + texts($1) }
            default: 0
            }
        }
        return texts(json["choices"] ?? json["content"] ?? .null)
    }
}
