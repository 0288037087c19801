import Documents
import Jobs
import OrderedCollections

/// What is needed to read an answer, besides the answer and its request.
struct AnswerContext: Sendable {
    /// The configured name of the model, for servers that do not report one.
    var model: String
    var provider: any HTTPProvider
    var price: Price?
    /// The model's setting; nil when it has none.
    var onTruncated: OnTruncated?
    /// The default token limit that the API made necessary, because neither the request nor the settings name one;
    /// else nil.
    var limitDefault: Int?
    /// The size of the request body in bytes, to estimate usage that the server does not report; nil for no estimate.
    var requestBytes: Int?

    init(model: String, provider: any HTTPProvider, price: Price? = nil) {
        (self.model, self.provider, self.price) = (model, provider, price)
    }

    /// The author's name in an original turn.
    var author: String { provider.author(model) }

    /// Reads an answer, and completes the usage of the answer or of the failure.
    ///
    /// - Parameter used: The usage that the server reports.
    func measured(
        _ json: JSON,
        _ used: Usage,
        _ read: () throws(Failure) -> ChatAnswer
    ) throws(Failure) -> ChatAnswer {
        do throws(Failure) {
            var answer = try read()
            answer.usage = completed(answer.usage, outputBytes: answer.outputBytes)
            return answer
        } catch {
            var failure = error
            let written = Self.bytes(json)
            // If nothing came, there is no usage to estimate.
            let usage = used.tokens > 0 || written > 0 ? completed(used, outputBytes: written) : used
            if usage.tokens > 0 { failure.usage = usage }
            throw failure
        }
    }

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

    /// The same for an answer that could not be read: the size of all strings in what the
    /// model wrote.
    static func bytes(_ json: JSON) -> Int {
        func texts(_ json: JSON) -> Int {
            switch json {
            case .string(let text): text.utf8.count
            case .array(let elements): elements.reduce(0) { $0 + texts($1) }
            case .object(let members): members.values.reduce(0) { $0 + texts($1) }
            default: 0
            }
        }
        return texts(Providers.http.lazy.compactMap { json[$0.answerMember] }.first ?? .null)
    }
}
