import AsyncHTTPClient
import Jobs
import NIOCore
import NIOHTTP1

/// Sends one request and takes the whole answer, within its time-outs.
struct ProviderCall: Sendable {
    /// Of an answer that is used; a larger one is a failure.
    static let answerBytesMax = 16 << 20
    /// Of a streamed one, in which each word may have 300 bytes around it.
    static let streamBytesMax = 8 * answerBytesMax
    /// Of an answer with an error status; the rest is not read.
    static let errorBytesMax = 64 << 10

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var content: Content
    }

    enum Content: Sendable {
        case whole([UInt8])
        /// From a stream.
        case assembled(JSON)
    }

    /// No whole answer came.
    struct Broken: Error {
        var cause: any Error
        /// What the provider had said was used.
        var usage: JSON?
    }

    let http: HTTPClient
    let clock: any Clock<Duration>
    /// From the connection to the last byte. The client's own deadline would end with the answer's head.
    let timeout: Duration
    /// Between two bytes of the answer.
    let idleTimeout: Duration

    /// - Throws: ``Broken``; `CancellationError` when the calling task was cancelled.
    func send(_ message: HTTPClientRequest, _ dialect: Dialect) async throws -> Answer {
        let progress = CallProgress(clock)
        do {
            return try await withThrowingTaskGroup(of: Answer.self) { group in
                group.addTask { [http] in try await Self.exchange(message, http, dialect, progress) }
                group.addTask { [clock, timeout] in
                    try await clock.sleep(for: timeout)
                    throw ConnectionFailure.TimedOut(limit: timeout)
                }
                group.addTask { [idleTimeout] in
                    try await progress.stall(after: idleTimeout)
                    throw ConnectionFailure.Stalled(limit: idleTimeout)
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw CancellationError() }
                return answer
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Broken(cause: error, usage: progress.usage)
        }
    }

    private static func exchange(
        _ message: HTTPClientRequest,
        _ http: HTTPClient,
        _ dialect: Dialect,
        _ progress: CallProgress
    ) async throws -> Answer {
        let response = try await http.execute(message, deadline: .distantFuture)
        let status = Int(response.status.code)
        let isError = !(200..<300).contains(status)
        // Some gateways answer whole where a stream was asked for.
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        let content: Content
        if !isError, type.hasPrefix("text/event-stream") {
            content = .assembled(try await stream(response.body, dialect, progress))
        } else {
            content = .whole(try await whole(response.body, isError: isError, progress))
        }
        return Answer(status: status, headers: response.headers, content: content)
    }

    private static func whole(
        _ body: HTTPClientResponse.Body,
        isError: Bool,
        _ progress: CallProgress
    ) async throws -> [UInt8] {
        let bytesMax = isError ? errorBytesMax : answerBytesMax
        var bytes: [UInt8] = []
        for try await part in body {
            progress.noteBytes()
            bytes.append(contentsOf: part.readableBytesView)
            if bytes.count > bytesMax {
                if isError { break }
                throw ConnectionFailure.AnswerTooLarge(bytesMax: bytesMax)
            }
        }
        // A cancelled task sees the body end early, like one that is complete.
        try Task.checkCancellation()
        return bytes
    }

    /// Reads until the event that ends the stream: a server need not close the connection then.
    private static func stream(
        _ body: HTTPClientResponse.Body,
        _ dialect: Dialect,
        _ progress: CallProgress
    ) async throws -> JSON {
        var events = EventStream()
        var assembly = dialect.assembly()
        var count = 0
        for try await part in body {
            progress.noteBytes()
            count += part.readableBytes
            if count > streamBytesMax { throw ConnectionFailure.AnswerTooLarge(bytesMax: streamBytesMax) }
            for data in events.append(part.readableBytesView) where !data.isEmpty {
                if data.elementsEqual("[DONE]".utf8) { return assembly.answer }
                guard let event = try? JSONParser.parse(data) else {
                    throw StreamFault.garbage("an event of its stream is not JSON")
                }
                if let error = event["error"], !error.isNull { throw StreamFault.error(event) }
                try assembly.take(event)
                progress.note(usage: assembly.usage)
                if assembly.isDone { return assembly.answer }
            }
        }
        try Task.checkCancellation()
        return assembly.answer
    }
}
