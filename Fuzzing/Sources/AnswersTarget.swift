import Documents
import Jobs
import NIOHTTP1

@testable import Models

/// The bodies of providers' answers and errors.
enum AnswersTarget: FuzzTarget {
    static let name = "answers"

    /// A step that wants text, one that wants JSON, one with tools, and a line of a batch file.
    private static let requests: [ChatRequest] = {
        let plain = ChatRequest(messages: [ChatMessage(.user, "Hello")], idempotencyKey: "01/a", attempt: 1)
        var (shaped, armed, ready) = (plain, plain, plain)
        shaped.outputSchema = ["type": "string", "title": "answer"]
        armed.tools = [ToolDescription(name: "get", description: "", parameters: ["type": "object"])]
        ready.body = ["messages": []]
        return [plain, shaped, armed, ready]
    }()

    static func run(_ input: [UInt8]) {
        if let json = try? JSONParser.parse(input) {
            for dialect in [Dialect.openAI, .anthropic] { check(json, dialect) }
            check(ProviderError.verdict(of: json))
        }
        checkErrors(input)
    }

    static func check(_ json: JSON, _ dialect: Dialect) {
        for request in requests {
            let reading = AnswerContext(model: "m", dialect: dialect)
            guard let answer = try? dialect.read(json, for: request, reading) else { continue }
            claimEqual(answer.body, json, "an answer keeps the provider's body")
            claimEqual(answer.usage.modelCalls, 1, "an answer is one call")
            claim(answer.usage.inputTokens >= answer.usage.cachedInputTokens, "cached tokens are input tokens")
            claim(answer.usage.cachedInputTokens >= 0 && answer.usage.outputTokens >= 0, "no count is negative")
            claim(answer.usage.tokens < 1 << 43, "tokens of an answer are few enough to be added up")
            claim(answer.toolCalls.allSatisfy { !$0.name.isEmpty }, "a tool call has a name")
            if let value = try? JSONParser.parse(answer.text) { Kept.check(value) }
            for call in answer.toolCalls { if let value = try? JSONParser.parse(call.arguments) { Kept.check(value) } }
        }
    }

    /// The body of an error; its headers are the lines at the end, as `name: value`, with names that the HTTP client
    /// would let through.
    private static func checkErrors(_ input: [UInt8]) {
        var headers = HTTPHeaders()
        for line in String(decoding: input, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(4) {
            let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
            if parts.count == 2, parts[0].utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
                headers.add(name: parts[0], value: parts[1])
            }
        }
        for status in [302, 400, 401, 429, 500, 529] {
            check(ProviderError.verdict(status: status, body: input, headers: headers))
        }
    }

    private static func check(_ verdict: ClassifiedError) {
        let failure = verdict.failure
        claim(!failure.message.isEmpty && failure.message.count < 2_000, "a failure is said in few words")
        claim((failure.retryAfter ?? .zero) <= RetryAfter.max, "no provider parks a job for long")
        if let response = failure.response { Kept.check(response) }
    }
}
