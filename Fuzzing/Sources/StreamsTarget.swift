import Documents
import Jobs

@testable import Models

/// Streamed answers: server-sent events, and the answers assembled from them.
enum StreamsTarget: FuzzTarget {
    static let name = "sse"

    static func run(_ input: [UInt8]) {
        let cuts = Pieces.cuts(of: input).map { pieces in
            var stream = EventStream()
            let events = pieces.flatMap { stream.append($0) }
            return events + stream.finish()
        }
        for events in cuts.dropFirst() { claimEqual(events, cuts[0], "a stream in pieces has the same events") }
        for dialect in [Dialect.openAI, .anthropic] { check(cuts[0], dialect) }
    }

    /// As ``ProviderCall`` reads a stream.
    private static func check(_ events: [EventStream.Event], _ dialect: Dialect) {
        var assembly = dialect.assembly()
        for event in events where !event.data.isEmpty {
            let data = event.data
            if data.elementsEqual("[DONE]".utf8) { break }
            guard let event = try? JSONParser.parse(data), event["error"]?.isNull ?? true,
                (try? assembly.take(event)) != nil
            else { return }
            if assembly.isDone { break }
        }
        _ = dialect.usage(assembly.usage, price: nil)
        let answer = assembly.answer
        Kept.check(answer)
        AnswersTarget.check(answer, dialect)
    }
}
