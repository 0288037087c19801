package import Documents
package import Jobs
import NIOHTTP1
import OrderedCollections

/// A deterministic substitute for a model: it answers by the first rule of a script that fits.
package struct ScriptedModel: LimitedModel {
    /// The largest accepted script, in bytes.
    package static let scriptBytesMax = 4 << 20

    /// The model's name in the configuration.
    package let name: String
    private let scriptPath: String
    private let rules: [ScriptRule]
    package let limiter: ModelLimiter
    /// A script reads ready bodies in the form of every provider.
    package var bodyForm: String? { nil }
    private let parameters: JSON
    private let price: Price?
    private let clock: any Clock<Duration>
    /// Nil for a model that is called without a permit.
    private var permit: ModelPermit?

    /// Reads the script; it blocks, which is fine because the daemon makes models only while it starts or reads its
    /// configuration.
    ///
    /// - Parameters:
    ///   - parameters: The parameters that a provider would be sent; here they count only for budgets.
    ///   - limiter: The limiter of a model with the same ``ModelSettings/limiterKey``; nil for a new limiter.
    ///   - clock: Measures a rule's `delay` and pauses.
    /// - Throws: ``DocumentError`` with the script's line and member.
    package init(
        name: String,
        scriptPath: String,
        parameters: JSON = [:],
        price: Price? = nil,
        limits: ModelLimits = ModelLimits(),
        limiter: ModelLimiter? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(DocumentError) {
        let bytes: [UInt8]
        do throws(BoundedFile.ReadError) {
            bytes = try BoundedFile.read(scriptPath, max: Self.scriptBytesMax)
        } catch {
            throw DocumentError(document: scriptPath, reason: "the script cannot be read: \(error.reason)")
        }
        let document = try Document(bytes, format: .yaml, name: scriptPath)
        guard let elements = document.value.array else {
            throw document.error(at: [], "a list of rules was expected, not \(document.value.kindName)")
        }
        if elements.isEmpty { throw document.error(at: [], "the list of rules is empty") }
        var rules: [ScriptRule] = []
        for (index, element) in elements.enumerated() {
            rules.append(try ScriptRule(MemberReader(document, path: [String(index)], value: element)))
        }
        (self.name, self.scriptPath, self.rules, self.price, self.clock) = (name, scriptPath, rules, price, clock)
        self.parameters = parameters
        self.limiter = limiter ?? ModelLimiter(model: name, limits: limits, clock: clock)
    }

    package func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value {
        try await limiter.withPermit { permit in
            var model = self
            model.permit = permit
            return try await body(model)
        }
    }

    package func worstCase(of request: ChatRequest) -> Usage {
        let body = try? OpenAIRequest.body(request, model: name, parameters: parameters)
        return .worstCase(of: body ?? request.body ?? [:], price: price)
    }

    /// Answers by the first rule that fits; the same request gives the same answer.
    ///
    /// - Throws: ``Failure`` as the rule says, with the class of its status; permanent when no rule fits.
    package func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        if request.endpoint != .chat { throw request.endpoint.missing(at: name) }
        return try await limiter.call(tokens: worstCase(of: request).tokens, in: permit) { try await answer(request) }
    }

    private func answer(_ request: ChatRequest) async throws -> ChatAnswer {
        let messages = request.effectiveMessages
        let turn = messages.count { $0.role == .assistant } + 1
        guard let (rule, captures) = match(messages, turn: turn, attempt: request.attempt) else {
            throw Failure(
                .permanent,
                "no rule of the script \(scriptPath) fits the last message, at turn \(turn)",
                hint: "Add a rule that fits, or one without conditions as the last."
            )
        }
        if let delay = rule.delay { try await clock.sleep(for: delay) }
        try Task.checkCancellation()

        var (text, calls): (String, [ModelToolCall]) = ("", [])
        switch rule.reply {
        case .text(let reply): text = fill(reply, captures)
        case .json(let value): text = fill(value, captures).text
        case .toolCalls(let wanted):
            // Ids are numbered through the conversation, so that no two calls in it share one.
            let earlier = messages.reduce(0) { $0 + $1.toolCalls.count }
            for (index, call) in wanted.enumerated() {
                let arguments = fill(call.arguments, captures)
                calls.append(
                    ModelToolCall(
                        id: "call_\(earlier + index + 1)",
                        name: call.name,
                        arguments: arguments.string ?? arguments.text
                    )
                )
            }
        case .failure(let fail): throw verdict(fail)
        }
        return ScriptAnswer.make(
            rule,
            text: text,
            calls: calls,
            messages: messages,
            idempotencyKey: request.idempotencyKey,
            name: name,
            price: price
        )
    }

    /// The first rule that fits, and the captures of its `when`; nil captures when it has none.
    private func match(
        _ messages: [ChatMessage],
        turn: Int,
        attempt: Int
    ) -> (rule: ScriptRule, captures: [String]?)? {
        let last = messages.last?.content ?? ""
        let system = messages.filter { $0.role == .system }.map(\.content).joined(separator: "\n")
        for rule in rules {
            if let wanted = rule.turn, wanted != turn { continue }
            if let pattern = rule.system, pattern.captures(in: system) == nil { continue }
            if case .failure(let fail) = rule.reply, let times = fail.times, attempt > times { continue }
            guard let pattern = rule.when else { return (rule, nil) }
            if let captures = pattern.captures(in: last) { return (rule, captures) }
        }
        return nil
    }

    private func fill(_ text: String, _ captures: [String]?) -> String {
        captures.map { ScriptPattern.fill(text, from: $0) } ?? text
    }

    /// Fills captures into all strings in `value`; the names of members stay.
    private func fill(_ value: JSON, _ captures: [String]?) -> JSON {
        switch value {
        case .string(let text): .string(fill(text, captures))
        case .array(let elements): .array(elements.map { fill($0, captures) })
        case .object(let members): .object(members.mapValues { fill($0, captures) })
        default: value
        }
    }

    /// The verdict on a provider's answer with this status.
    private func verdict(_ fail: ScriptRule.Fail) -> ClassifiedError {
        var headers = HTTPHeaders()
        if let wait = fail.retryAfter { headers.add(name: "retry-after-ms", value: String(wait.wholeMilliseconds)) }
        let body: JSON = ["error": ["message": "a failure of the script, from no model", "type": "scripted"]]
        return ProviderError.verdict(status: fail.status, body: body, headers: headers)
    }
}
