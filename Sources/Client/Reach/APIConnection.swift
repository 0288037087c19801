import AsyncHTTPClient
import Documents
import NIOCore
import NIOHTTP1

/// Calls the API of a daemon through its Unix socket; the kernel tells the daemon which user calls.
package struct APIConnection: Sendable {
    /// What the API answered.
    struct Answer: Sendable {
        var status: Int
        fileprivate var headers: HTTPHeaders
        var body: [UInt8]

        /// The body as JSON; null when it is none.
        var json: JSON { (try? JSONParser.parse(body)) ?? .null }

        func header(_ name: String) -> String? { headers.first(name: name) }
    }

    /// The absolute path of the socket.
    package let path: String

    /// The largest answer that is taken, in bytes: a history of half a million lines.
    private static let sizeMax = 2 << 30
    /// Longer than any wait that is asked for.
    private static let timeout: TimeAmount = .minutes(10)

    /// Fails at once where no daemon answers, instead of trying for minutes; it lives as long as the process.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package init(path: String) { self.path = path }

    /// Reads one answer.
    ///
    /// - Parameter target: The path with its query, percent-encoded.
    /// - Throws: ``ClientError`` with the sentence of the API, or why it cannot be reached; `CancellationError`.
    func get(_ target: String) async throws -> Answer { try await call(.GET, target) }

    /// Asks for something, and reads the answer.
    ///
    /// - Parameter headers: Besides those that the call needs anyway.
    /// - Throws: As ``get(_:)``.
    func post(_ target: String, _ body: [UInt8], headers: [(String, String)] = []) async throws -> Answer {
        try await call(.POST, target, body: body, headers: headers)
    }

    private func call(
        _ method: HTTPMethod,
        _ target: String,
        body: [UInt8]? = nil,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        let response = try await open(method, target, body: body, headers: headers)
        let answer: Answer
        do {
            let buffer = try await response.body.collect(upTo: Self.sizeMax)
            answer = Answer(
                status: Int(response.status.code),
                headers: response.headers,
                body: Array(buffer.readableBytesView)
            )
        } catch {
            throw lost(error)
        }
        guard (200..<300).contains(answer.status) || answer.status == 304 else { throw Self.error(answer) }
        return answer
    }

    /// The pieces of an answer that goes on for as long as the daemon has something to say.
    ///
    /// - Throws: As ``get(_:)``; the stream throws when the connection breaks.
    func stream(_ target: String, headers: [(String, String)]) async throws -> HTTPClientResponse.Body {
        let response = try await open(.GET, target, body: nil, headers: headers)
        if response.status.code == 200 { return response.body }
        let body = try await response.body.collect(upTo: Self.sizeMax)
        throw Self.error(
            Answer(
                status: Int(response.status.code),
                headers: response.headers,
                body: Array(body.readableBytesView)
            )
        )
    }

    private func open(
        _ method: HTTPMethod,
        _ target: String,
        body: [UInt8]?,
        headers: [(String, String)]
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: "http+unix://\(Self.encoded(path))\(target)")
        request.method = method
        request.headers.add(name: "Host", value: "localhost")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        do {
            return try await Self.http.execute(request, timeout: Self.timeout)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw unreachable(error)
        }
    }

    private func unreachable(_ error: any Error) -> ClientError {
        ClientError(
            "the job directories cannot be read by this user, and no daemon answers at \(path) (\(error)); start it with "
                + "agentspool run, or name its socket with $\(APIAddress.variable)",
            .unavailable
        )
    }

    private func lost(_ error: any Error) -> any Error {
        if error is CancellationError { return error }
        return ClientError("the daemon at \(path) ended while it answered (\(error)); try again", .temporary)
    }

    /// The sentence of an answer that says what is wrong (RFC 9457), with the kind that has its exit status.
    private static func error(_ answer: Answer) -> ClientError {
        let kind: ClientError.Kind =
            switch answer.status {
            case 400, 405, 415, 421: .usage
            case 401, 403: .denied
            case 404: .noInput
            case 408, 429, 503, 507: .temporary
            case 409, 412, 413, 422: .data
            default: .failure
            }
        let detail = answer.json["detail"]?.string ?? "the API answered with the status \(answer.status)"
        return ClientError(detail + (answer.json["hint"]?.string.map { "; \($0)" } ?? ""), kind)
    }

    /// The text with every byte that is not plain in a URL percent-encoded (RFC 3986, section 2.1).
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
        let bytes = text.utf8.flatMap { byte in
            plain.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
