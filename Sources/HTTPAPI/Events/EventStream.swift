import HTTPTypes
import Hummingbird
import NIOCore

/// Server-sent events (WHATWG HTML, section 9.2), with a comment while there is nothing to say.
///
/// The records are read from the files as fast as the reader takes them; ``WriteTimeout`` closes the connection of one
/// that takes none.
enum EventStream {
    /// One event.
    struct Event: Sendable, Equatable {
        var id: String?
        var name: String?
        /// Has no line feed.
        var data: String

        var text: String {
            var text = ""
            if let id { text += "id: \(id)\n" }
            if let name { text += "event: \(name)\n" }
            return text + "data: \(data)\n\n"
        }
    }

    /// What tells a stream to look for events: elements of the stream, and nil at regular times.
    struct Signals<Element: Sendable>: Sendable {
        fileprivate let stream: AsyncStream<Element?>
        let continuation: AsyncStream<Element?>.Continuation

        init(bufferingPolicy: AsyncStream<Element?>.Continuation.BufferingPolicy) {
            (stream, continuation) = AsyncStream.makeStream(of: Element?.self, bufferingPolicy: bufferingPolicy)
        }
    }

    /// Between two comments, so that no proxy on the way closes the connection.
    private static let commentInterval: Duration = .seconds(15)
    /// Between two looks without a signal: another node may work on a job.
    private static let lookInterval: Duration = .seconds(1)

    /// Answers with what `events` gives at each signal, until it gives nil, the signals end, the reader goes, or the
    /// daemon stops.
    ///
    /// It is asked once before the first signal.
    static func response<Element: Sendable>(
        _ signals: Signals<Element>,
        on clock: any Clock<Duration>,
        _ events: @Sendable @escaping (Element?) async throws -> [Event]?
    ) -> Response {
        let body = ResponseBody { writer in
            // A client sees at once that the stream is open.
            try await writer.write(ByteBuffer(string: ": open\n\n"))
            let timer = Task {
                while (try? await clock.sleep(for: lookInterval)) != nil { signals.continuation.yield(nil) }
            }
            defer {
                timer.cancel()
                signals.continuation.finish()
            }
            var silence: Duration = .zero
            signals.continuation.yield(nil)
            for await signal in signals.stream {
                guard let events = try await events(signal) else { break }
                silence = events.isEmpty ? silence + (signal == nil ? lookInterval : .zero) : .zero
                if !events.isEmpty {
                    try await writer.write(ByteBuffer(string: events.map(\.text).joined()))
                } else if silence >= commentInterval {
                    silence = .zero
                    try await writer.write(ByteBuffer(string: ":\n\n"))
                }
            }
            try Task.checkCancellation()
            try await writer.finish(nil)
        }
        // A valid name of a field: proxies must not gather events.
        let headers: HTTPFields = [.contentType: "text/event-stream", .init("X-Accel-Buffering")!: "no"]
        return Response(status: .ok, headers: headers, body: body)
    }
}
