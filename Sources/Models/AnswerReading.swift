import Jobs
import OrderedCollections

/// What the reading of an answer needs to know besides the answer and the request.
struct AnswerReading: Sendable {
    /// The configured name, for servers that do not say theirs.
    var model: String
    var dialect: Dialect
    var price: Price?
    /// Of the model's settings; nil where they do not say.
    var onTruncated: OnTruncated?
    /// The answer's limit where neither the request nor the settings named one, and the dialect needs one.
    var limitDefault: Int?
    /// Bytes of the request's body, for servers that do not say what was used; nil where nothing is estimated.
    var requestBytes: Int?

    init(model: String, dialect: Dialect, price: Price? = nil) {
        (self.model, self.dialect, self.price) = (model, dialect, price)
    }

    /// How an original turn names who wrote it.
    static func author(_ dialect: Dialect, _ model: String) -> String {
        "\(dialect == .openAI ? "openai" : "anthropic") \(model)"
    }

    var author: String { Self.author(dialect, model) }

    /// The usage with an estimate of what the server did not say, as a budget reserves it: a token for three bytes.
    ///
    /// - Parameter outputBytes: Of what the model wrote.
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

    /// Of what the model wrote, its thoughts included.
    static func bytes(_ parts: AnswerParts) -> Int {
        parts.calls.reduce(parts.text.utf8.count + parts.reasoning.utf8.count) {
            $0 + $1.name.utf8.count + $1.arguments.utf8.count
        }
    }

    /// The same of an answer that could not be read: all texts of its choices or blocks.
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
