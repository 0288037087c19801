package import AsyncHTTPClient
package import Jobs
import NIOCore
import NIOHTTP1

/// A model behind an HTTP API: at OpenAI, at Anthropic, or at any server that speaks as one of them.
package struct ProviderModel: LanedModel {
    /// The model's name in the configuration.
    package let name: String
    package let lane: ModelLane
    package var dialect: Dialect? { language }
    private let language: Dialect
    private let endpoint: Endpoint
    private let model: String
    private let key: APIKey?
    private let parameters: JSON
    private let isStreamed: Bool
    private let price: Price?
    private let structured: StructuredForm?
    private let onTruncated: OnTruncated?
    private let call: ProviderCall
    /// Nil for a model that is asked out of turn.
    private var turn: LaneTurn?

    /// - Parameters:
    ///   - settings: Of them all but the provider, which the next three parameters are.
    ///   - key: Nil for servers that want none.
    ///   - http: Lives longer than the model; best made with ``ModelConnections/configuration``.
    ///   - clock: Measures time-outs, pauses and limits per minute.
    package init(
        _ settings: ModelSettings,
        dialect: Dialect,
        endpoint: Endpoint,
        model: String,
        key: APIKey?,
        http: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        (name, language, self.endpoint, self.model, self.key) = (settings.name, dialect, endpoint, model, key)
        (parameters, isStreamed, price) = (settings.parameters, settings.isStreamed, settings.price)
        (structured, onTruncated) = (settings.structured, settings.onTruncated)
        call = ProviderCall(http: http, clock: clock, timeout: settings.timeout, idleTimeout: settings.idleTimeout)
        lane = ModelLane(model: settings.name, limits: settings.limits, clock: clock)
    }

    package func withTurn<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value {
        try await lane.withTurn { turn in
            var model = self
            model.turn = turn
            return try await body(model)
        }
    }

    package func worstCase(of request: ChatRequest) -> Usage {
        // A body that is refused costs nothing; it is sent nowhere.
        .worstCase(of: (try? body(request)) ?? ["max_tokens": 0], price: price)
    }

    private func body(_ request: ChatRequest) throws(Failure) -> JSON {
        try language.body(
            request,
            model: model,
            parameters: parameters,
            isStreamed: isStreamed,
            structured: structured ?? .jsonSchema
        )
    }

    /// Makes one call; while the lane is closed, none.
    package func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        let body = try body(request)
        let secret = try await key?.value()
        let known = ProviderError.Key(reference: key?.reference, secret: secret)
        var message = HTTPClientRequest(url: endpoint.baseURL + language.path)
        message.method = .POST
        message.headers = [
            "Content-Type": "application/json",
            "Accept": isStreamed ? "text/event-stream, application/json" : "application/json",
            "User-Agent": "agentspool",
            "Idempotency-Key": IdempotencyHeader.value(for: request.idempotencyKey),
        ]
        message.headers.add(contentsOf: language.headers(secret: secret))
        message.body = .bytes(ByteBuffer(bytes: body.bytes))
        let tokens = Usage.worstCase(of: body, price: nil).tokens
        return try await lane.call(tokens: tokens, in: turn) { try await exchange(message, request, body, known) }
    }

    private func exchange(
        _ message: HTTPClientRequest,
        _ request: ChatRequest,
        _ body: JSON,
        _ key: ProviderError.Key
    ) async throws -> ChatAnswer {
        let answer: ProviderCall.Answer
        do {
            answer = try await call.send(message, language)
        } catch let broken as ProviderCall.Broken {
            throw refusal(broken, key)
        }
        if case .whole(let bytes) = answer.content, !(200..<300).contains(answer.status) {
            throw ProviderError.verdict(status: answer.status, body: bytes, headers: answer.headers, key: key)
        }
        if let wait = RateLimitHeaders.wait(answer.headers) {
            lane.pause(for: wait, "nothing is left of the provider's rate limit")
        }
        return try read(answer, request, body, key)
    }

    private func read(
        _ answer: ProviderCall.Answer,
        _ request: ChatRequest,
        _ body: JSON,
        _ key: ProviderError.Key
    ) throws -> ChatAnswer {
        let json: JSON
        switch answer.content {
        case .assembled(let assembled): json = assembled
        case .whole(let bytes):
            guard let parsed = try? JSONParser.parse(bytes) else { throw Failure.brokenAnswer("it is not JSON") }
            json = parsed
        }
        if let verdict = ProviderError.verdict(inside: json, key: key) { throw verdict }
        var reading = AnswerReading(model: model, dialect: language, price: price)
        (reading.onTruncated, reading.requestBytes) = (onTruncated, body.bytes.count)
        let isLimited = request.body?["max_tokens"] != nil || parameters["max_tokens"] != nil
        if language == .anthropic, !isLimited { reading.limitDefault = Usage.outputTokensDefault }
        var read = try language.read(json, for: request, reading)
        read.requestID = answer.headers.first(name: "x-request-id") ?? answer.headers.first(name: "request-id")
        return read
    }

    private func refusal(_ broken: ProviderCall.Broken, _ key: ProviderError.Key) -> any Error {
        switch broken.cause {
        case StreamFault.error(let event):
            var verdict = ProviderError.verdict(of: event, key: key)
            verdict.failure = with(usage: broken.usage, verdict.failure)
            return verdict
        case StreamFault.garbage(let reason): return with(usage: broken.usage, .brokenAnswer(reason))
        default: return with(usage: broken.usage, ConnectionFailure.failure(broken.cause, endpoint: endpoint))
        }
    }

    private func with(usage: JSON?, _ failure: Failure) -> Failure {
        var failure = failure
        let usage = language.usage(usage, price: price)
        if usage.tokens > 0 { failure.usage = usage }
        return failure
    }
}
