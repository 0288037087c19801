import AsyncHTTPClient
import Documents
import Jobs
import NIOCore
import NIOHTTP1

/// Sends one request and reads the whole answer, within its timeouts.
struct ProviderCall: Sendable {
    /// The largest accepted answer, in bytes.
    static let answerBytesMax = 64 << 20
    /// The largest accepted stream, in bytes: each word may have 300 bytes around it.
    static let streamBytesMax = 256 << 20
    /// How many bytes of an answer with an error status are read.
    static let errorBytesMax = 64 << 10
    /// How long a stream may be quiet after its answer is complete; only its usage may still come.
    static let endGrace: Duration = .seconds(2)

    struct Answer: Sendable {
        var status: Int
        var headers: HTTPHeaders
        var content: Content
    }

    enum Content: Sendable {
        /// The body of an answer with an error status.
        case refusal([UInt8])
        case answer(JSON)
    }

    /// No complete answer came.
    struct Broken: Error {
        var cause: any Error
        /// The usage that the provider had reported.
        var usage: JSON?
        /// Whether a part of the answer had come.
        var hasBegun: Bool
    }

    let http: HTTPClient
    let clock: any Clock<Duration>
    /// The limit for the beginning of a stream, or for all of any other answer.
    ///
    /// The client's own deadline would end with the answer's head.
    let timeout: Duration
    /// The longest gap between two bytes of the answer.
    let idleTimeout: Duration

    /// How long a stream may carry only comments and pings.
    private var silenceMax: Duration { max(timeout, idleTimeout * 10) }

    /// - Throws: ``Broken``; `CancellationError` when the calling task was cancelled.
    func send(_ message: HTTPClientRequest, _ provider: any HTTPProvider) async throws -> Answer {
        let progress = CallProgress(clock)
        do {
            return try await withThrowingTaskGroup(of: Part.self) { group in
                group.addTask { [http] in
                    .head(try await Redirects.follow(message) { try await http.execute($0, deadline: .distantFuture) })
                }
                group.addTask { [clock, timeout] in
                    try await clock.sleep(for: timeout)
                    if progress.isStream { return .watch }
                    throw ConnectionFailure.TimedOut(limit: timeout)
                }
                defer { group.cancelAll() }
                while let part = try await group.next() {
                    switch part {
                    case .answer(let answer): return answer
                    case .head(let response): take(response, provider, progress, in: &group)
                    case .watch: break
                    }
                }
                throw CancellationError()
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw Broken(cause: error, usage: progress.usage, hasBegun: progress.hasWords)
        }
    }

    private enum Part: Sendable {
        case head(HTTPClientResponse)
        case answer(Answer)
        /// A watching task ended and found nothing wrong.
        case watch
    }

    /// Starts the tasks that read an answer and watch it.
    ///
    /// They start only now, because a call mostly waits for the answer's head, and thousands of calls may wait.
    private func take(
        _ response: HTTPClientResponse,
        _ provider: any HTTPProvider,
        _ progress: CallProgress,
        in group: inout ThrowingTaskGroup<Part, any Error>
    ) {
        group.addTask { .answer(try await answer(response, provider, progress)) }
        group.addTask { [idleTimeout, silenceMax] in
            throw try await progress.stall(after: idleTimeout, silenceMax: silenceMax)
        }
        group.addTask { try await progress.end(after: Self.endGrace).map(Part.answer) ?? .watch }
    }

    private func answer(
        _ response: HTTPClientResponse,
        _ provider: any HTTPProvider,
        _ progress: CallProgress
    ) async throws -> Answer {
        let status = Int(response.status.code)
        guard (200..<300).contains(status) else {
            let bytes = try await refusal(response.body, progress)
            return Answer(status: status, headers: response.headers, content: .refusal(bytes))
        }
        if let encoding = response.headers.first(name: "Content-Encoding")?.lowercased(),
            !["", "identity", "gzip", "x-gzip", "deflate"].contains(encoding)
        {
            throw ConnectionFailure.UnknownEncoding(name: encoding)
        }
        var answer = Answer(status: status, headers: response.headers, content: .answer(.null))
        do {
            answer.content = .answer(try await read(response, provider, answer, progress))
            return answer
        } catch {
            // A connection that breaks after the end of the answer does not invalidate it.
            if let whole = progress.whole, !Task.isCancelled { return whole }
            throw error
        }
    }

    private func refusal(_ body: HTTPClientResponse.Body, _ progress: CallProgress) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await part in body {
                progress.noteBytes()
                bytes.append(contentsOf: part.readableBytesView)
                if bytes.count > Self.errorBytesMax { break }
            }
        } catch  where !Task.isCancelled {
            // The status alone says enough.
        }
        // In a cancelled task the body ends early, like a complete one.
        try Task.checkCancellation()
        return bytes
    }

    /// Reads up to the event that ends the stream, because the server may keep the connection open.
    private func read(
        _ response: HTTPClientResponse,
        _ provider: any HTTPProvider,
        _ answer: Answer,
        _ progress: CallProgress
    ) async throws -> JSON {
        let type = response.headers.first(name: "Content-Type")?.lowercased() ?? ""
        var reader = AnswerDecoder(provider, saysStream: type.contains("event-stream"))
        for try await part in response.body {
            let words = reader.words
            // This also runs when an error follows parts of the answer.
            defer { progress.noteBytes(isStream: reader.isStream, hasWords: reader.words > words, usage: reader.usage) }
            if try reader.take(part.readableBytesView) { return reader.streamed }
            if reader.isWhole {
                var whole = answer
                whole.content = .answer(reader.streamed)
                progress.note(whole: whole)
            }
        }
        try Task.checkCancellation()
        return try reader.finish()
    }
}
