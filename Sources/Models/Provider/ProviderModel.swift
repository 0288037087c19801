import AsyncHTTPClient
import Documents
package import Jobs
import Logging
import NIOCore
import NIOHTTP1
import Threads

/// A model behind an HTTP API: of a provider, or of a server that is compatible with it.
package final class ProviderModel: LimitedModel {
    /// The model's name in the configuration.
    package let name: String
    package let limiter: ModelLimiter
    package var bodyForm: String? { provider.name }
    private let provider: any HTTPProvider
    private let endpoint: Endpoint
    private let model: String
    private let key: APIKey?
    private let headers: [ConfiguredHeader]
    /// The query that follows the path.
    private let query: String
    private let parameters: JSON
    private let isStreamed: Bool
    private let price: Price?
    private let structured: StructuredOutputMode?
    private let onTruncated: OnTruncated?
    private let context: ContextLimit?
    private let call: ProviderCall
    private let descriptors: DescriptorPermits
    private let clock: any Clock<Duration>
    private let memory: UnsupportedParameterStore
    /// Nil for a model that is called without a permit.
    private let permit: ModelPermit?

    /// - Parameters:
    ///   - settings: All of them are used except the source, which the next parameter replaces.
    ///   - key: Nil for a server that needs none.
    ///   - headers: Headers in addition to the provider's own; they replace those of the same name.
    ///   - http: Must outlive the model; best made with ``ModelConnections/configuration``.
    ///   - limiter: The limiter of a model with the same ``ModelSettings/limiterKey``; nil for a new limiter.
    ///   - descriptors: Each call holds one descriptor.
    ///   - clock: Measures timeouts, pauses and limits per minute.
    ///   - logger: Gets a notice for each parameter that the server refuses.
    init(
        _ settings: ModelSettings,
        _ source: HTTPSource,
        key: APIKey?,
        headers: [ConfiguredHeader] = [],
        http: HTTPClient,
        limiter: ModelLimiter? = nil,
        descriptors: DescriptorPermits = .unlimited,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger = Logger(label: "agentspool.models")
    ) {
        (name, self.key) = (settings.name, key)
        (provider, endpoint, model) = (source.provider, source.server, source.modelName)
        (self.descriptors, self.clock) = (descriptors, clock)
        (self.headers, query) = (headers, settings.connection.queryText(after: endpoint.query))
        (parameters, isStreamed, price) = (settings.parameters, settings.isStreamed, settings.price)
        (structured, onTruncated, context) = (settings.structured, settings.onTruncated, settings.context)
        call = ProviderCall(http: http, clock: clock, timeout: settings.timeout, idleTimeout: settings.idleTimeout)
        self.limiter = limiter ?? ModelLimiter(settings, clock: clock)
        memory = UnsupportedParameterStore(model: settings.name, logger: logger)
        permit = nil
    }

    /// The same model, holding a permit.
    private init(_ model: ProviderModel, in permit: ModelPermit) {
        (name, limiter, provider, endpoint) = (model.name, model.limiter, model.provider, model.endpoint)
        (self.model, key, headers, query) = (model.model, model.key, model.headers, model.query)
        (parameters, isStreamed, price, structured) = (
            model.parameters, model.isStreamed, model.price, model.structured
        )
        (onTruncated, context, call, memory) = (model.onTruncated, model.context, model.call, model.memory)
        (descriptors, clock, self.permit) = (model.descriptors, model.clock, permit)
    }

    package func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value {
        try await limiter.withPermit { permit in
            try await body(ProviderModel(self, in: permit))
        }
    }

    package func worstCase(of request: ChatRequest) -> Usage {
        // A body that is refused is not sent, so it costs nothing.
        .worstCase(of: (try? body(request)) ?? ["max_tokens": 0], price: price)
    }

    private func body(_ request: ChatRequest) throws(Failure) -> JSON { try body(request, memory.refused) }

    private func body(_ request: ChatRequest, _ refused: UnsupportedParameters) throws(Failure) -> JSON {
        let whole = try wholeBody(request, refused)
        guard let context, request.body == nil else { return whole }
        guard let messages = context.shortened(request.messages, in: whole.bytes.count) else { return whole }
        var shorter = request
        shorter.messages = messages
        return try wholeBody(shorter, refused)
    }

    private func wholeBody(_ request: ChatRequest, _ refused: UnsupportedParameters) throws(Failure) -> JSON {
        guard provider.path(to: request.endpoint) != nil else { throw request.endpoint.missing(at: model) }
        let body = try provider.body(
            request,
            model: model,
            parameters: parameters,
            isStreamed: isStreamed && refused.count(of: "stream") == 0,
            structured: structured ?? StructuredOutputMode(refusals: refused.count(of: "response_format")),
            replaysOriginals: refused.count(of: "messages") == 0
        )
        return refused.applied(to: body, keeping: request.body)
    }

    /// Makes one call, or none while the limiter is closed.
    ///
    /// A parameter that the server refuses is left out or renamed, and the request is sent again.
    package func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        let secret = try await key?.value()
        let (headers, secrets) = try await configuredHeaders()
        let known = ProviderError.Key(reference: key?.reference, secrets: [secret].compactMap(\.self) + secrets)
        var refused = memory.refused
        var body = try body(request, refused)
        for round in 1... {
            let message = message(body, request, secret, headers)
            var refusal: ErrorContent?
            do {
                let tokens = Usage.worstCase(of: body, price: nil).tokens
                return try await limiter.call(tokens: tokens, in: permit) {
                    do {
                        return try await exchange(message, request, body, known)
                    } catch let verdict as ClassifiedError {
                        refusal = verdict.refusal
                        throw verdict
                    }
                }
            } catch let failure as Failure {
                guard let refusal, failure.class == .permanent, round < UnsupportedParameterStore.roundsMax else {
                    throw failure
                }
                let refusals = ParameterErrorParser.refusals(in: refusal, of: body) { mayChange($0, of: request) }
                if refusals.isEmpty { throw failure }
                let before = body
                // The next form of a member may not change this request; then the form after it is tried.
                for _ in 0..<2 where body == before {
                    memory.note(refusals, seen: refused)
                    refused = memory.refused
                    body = try self.body(request, refused)
                }
                if body == before { throw failure }
            }
        }
        throw CancellationError()
    }

    /// Whether a member may change: one that a batch line sets stays, and so does a configured form.
    private func mayChange(_ member: String, of request: ChatRequest) -> Bool {
        request.body?[member] == nil && !(member == "response_format" && structured != nil)
    }

    private func configuredHeaders() async throws(Failure) -> (headers: HTTPHeaders, secrets: [String]) {
        var (all, secrets) = (HTTPHeaders(), [String]())
        for header in headers {
            let value = try await header.value()
            all.replaceOrAdd(name: header.name, value: value.text)
            if value.isSecret { secrets.append(value.text) }
        }
        return (all, secrets)
    }

    private func message(
        _ body: JSON,
        _ request: ChatRequest,
        _ secret: String?,
        _ headers: HTTPHeaders
    ) -> HTTPClientRequest {
        let path = provider.path(to: request.endpoint) ?? ""
        var message = HTTPClientRequest(url: endpoint.baseURL + path + query)
        message.method = .POST
        message.headers = [
            "Content-Type": "application/json",
            "Accept": body["stream"] == true ? "text/event-stream, application/json" : "application/json",
            "User-Agent": "agentspool",
            provider.idempotencyHeader: IdempotencyHeader.value(for: request.idempotencyKey),
        ]
        message.headers.add(contentsOf: provider.headers(secret: secret))
        for header in headers { message.headers.replaceOrAdd(name: header.name, value: header.value) }
        message.body = .bytes(ByteBuffer(bytes: body.bytes))
        return message
    }

    private func exchange(
        _ message: HTTPClientRequest,
        _ request: ChatRequest,
        _ body: JSON,
        _ key: ProviderError.Key
    ) async throws -> ChatAnswer {
        let answer: ProviderCall.Answer
        do {
            answer = try await descriptors.hold(1) { try await send(message) }
        } catch let broken as ProviderCall.Broken {
            throw refusal(broken, key)
        }
        let json: JSON
        switch answer.content {
        case .refusal(let bytes):
            throw ProviderError.verdict(status: answer.status, body: bytes, headers: answer.headers, key: key)
        case .answer(let answer): json = answer
        }
        if let verdict = ProviderError.verdict(inside: json, key: key) { throw verdict }
        if let wait = RateLimitHeaders.wait(answer.headers) {
            limiter.pause(for: wait, "nothing is left of the provider's rate limit")
        }
        var reading = AnswerContext(model: model, provider: provider, price: price)
        (reading.onTruncated, reading.requestBytes) = (onTruncated, body.bytes.count)
        reading.limitDefault = provider.limitDefault(request, parameters: parameters)
        var read = try provider.read(json, for: request, reading)
        read.requestID = answer.headers.first(name: "x-request-id") ?? answer.headers.first(name: "request-id")
        return read
    }

    /// How often a call is tried while no descriptor is free, once a second.
    private static let descriptorTriesMax = 60

    /// Sends the request once a descriptor is free: idle connections may still hold all of them.
    private func send(_ message: HTTPClientRequest) async throws -> ProviderCall.Answer {
        for _ in 1..<Self.descriptorTriesMax {
            do {
                return try await call.send(message, provider)
            } catch let broken as ProviderCall.Broken where ConnectionFailure.isForWantOfDescriptors(broken.cause) {
                try await WaitReasons.during(
                    "no descriptor is free for a connection: the process has too many files open"
                ) {
                    try await clock.sleep(for: .seconds(1))
                }
            }
        }
        return try await call.send(message, provider)
    }

    private func refusal(_ broken: ProviderCall.Broken, _ key: ProviderError.Key) -> any Error {
        switch broken.cause {
        case StreamFault.error(let event):
            var verdict = ProviderError.verdict(of: event, key: key)
            verdict.failure = with(usage: broken.usage, verdict.failure)
            // A call that has produced a part of its answer counts as an attempt, whatever ended it.
            if broken.hasBegun, case .rest(let wait, .quota) = verdict.effect {
                verdict.effect = .rest(wait, .overload)
            }
            return verdict
        case StreamFault.garbage(let reason):
            // A server that is not a provider may echo what it was sent.
            let harmless = key.secrets.reduce(reason) { $1.isEmpty ? $0 : $0.replacing($1, with: "[key]") }
            return with(usage: broken.usage, .brokenAnswer(harmless))
        default: return with(usage: broken.usage, ConnectionFailure.failure(broken.cause, endpoint: endpoint))
        }
    }

    private func with(usage: JSON?, _ failure: Failure) -> Failure {
        var failure = failure
        var used = provider.usage(usage)
        used.costUSD = price?.cost(of: used) ?? 0
        if used.tokens > 0 { failure.usage = used }
        return failure
    }
}
