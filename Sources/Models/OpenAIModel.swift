package import AsyncHTTPClient
import Jobs
import NIOCore
import NIOHTTP1

/// A model behind OpenAI's chat completions, at OpenAI or at any server that speaks them.
package struct OpenAIModel: ChatModel {
    /// Of an answer that is used; a larger one is a failure.
    package static let answerBytesMax = 16 << 20
    /// Of an answer with an error status; the rest is not read.
    package static let errorBytesMax = 64 << 10

    /// The model's name in the configuration.
    package let name: String
    private let endpoint: Endpoint
    private let model: String
    private let key: APIKey?
    private let timeout: Duration
    private let parameters: JSON
    private let price: Price?
    private let http: HTTPClient
    private let clock: any Clock<Duration>
    /// Nil without a limit of the model's concurrency. Copies of the model share it.
    let semaphore: AsyncSemaphore?

    /// - Parameters:
    ///   - settings: Of them all but the provider, which the next two parameters are.
    ///   - key: Nil for servers that want none.
    ///   - http: Lives longer than the model; best made with ``ModelConnections/configuration``.
    ///   - clock: Measures the time-out.
    package init(
        _ settings: ModelSettings,
        endpoint: Endpoint,
        model: String,
        key: APIKey?,
        http: HTTPClient,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        name = settings.name
        (self.endpoint, self.model, self.key, self.http, self.clock) = (endpoint, model, key, http, clock)
        (timeout, parameters, price) = (settings.timeout, settings.parameters, settings.price)
        semaphore = settings.limits.concurrency.map(AsyncSemaphore.init(permits:))
    }

    /// Waits for its turn where `concurrency` is limited, then makes one call; the time-out counts from then.
    package func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        let body = try OpenAIRequest.body(request, model: model, parameters: parameters).bytes
        if let semaphore {
            return try await semaphore.withPermit { try await call(request, body: body) }
        }
        return try await call(request, body: body)
    }

    private func call(_ request: ChatRequest, body: [UInt8]) async throws -> ChatAnswer {
        let secret = try await key?.value()
        let known = ProviderError.Key(reference: key?.reference, secret: secret)
        var message = HTTPClientRequest(url: endpoint.baseURL + "/chat/completions")
        message.method = .POST
        message.headers = [
            "Content-Type": "application/json", "Accept": "application/json", "User-Agent": "agentspool",
            "Idempotency-Key": IdempotencyHeader.value(for: request.idempotencyKey),
        ]
        if let secret { message.headers.add(name: "Authorization", value: "Bearer \(secret)") }
        message.body = .bytes(ByteBuffer(bytes: body))

        let answer = try await send(message)
        guard (200..<300).contains(answer.status) else {
            throw ProviderError.failure(
                status: answer.status,
                body: answer.bytes,
                headers: answer.headers,
                key: known
            )
        }
        return try OpenAIAnswer.read(answer.bytes, for: request, model: model, price: price, key: known)
    }

    private struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var bytes: [UInt8]
    }

    /// Sends the request and takes the whole answer, both within the time-out: the client's own deadline ends with
    /// the answer's head.
    private func send(_ message: HTTPClientRequest) async throws -> Answer {
        do {
            return try await withThrowingTaskGroup(of: Answer.self) { group in
                group.addTask { [http] in try await Self.exchange(message, http) }
                group.addTask { [clock, timeout] in
                    try await clock.sleep(for: timeout)
                    throw ConnectionFailure.TimedOut()
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw CancellationError() }
                return answer
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ConnectionFailure.failure(error, endpoint: endpoint, timeout: timeout)
        }
    }

    private static func exchange(_ message: HTTPClientRequest, _ http: HTTPClient) async throws -> Answer {
        let response = try await http.execute(message, deadline: .distantFuture)
        let isError = !(200..<300).contains(response.status.code)
        let bytesMax = isError ? errorBytesMax : answerBytesMax
        var bytes: [UInt8] = []
        for try await part in response.body {
            bytes.append(contentsOf: part.readableBytesView)
            if bytes.count > bytesMax {
                if isError { break }
                throw ConnectionFailure.AnswerTooLarge(bytesMax: bytesMax)
            }
        }
        // A cancelled task sees the body end early, like one that is complete.
        try Task.checkCancellation()
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: bytes)
    }
}
