import Documents
import Jobs
import Testing

@testable import Models

/// An answer with one quirk of a server, and the outcome that it must have.
struct RecordedAnswer: Sendable, CustomTestStringConvertible {
    enum Sent: Sendable {
        /// The data of a stream's events, without their framing.
        case stream([String])
        case whole(String)
    }

    enum Outcome: Sendable, Equatable {
        case text(String)
        /// Names and arguments, in the model's order.
        case calls([String])
        /// A failure whose message holds the text.
        case failure(FailureClass, String)
    }

    var quirk: String
    var api: API
    var sent: Sent
    var outcome: Outcome

    var testDescription: String { quirk }

    /// A stream of chat completions: each delta in a chunk of its own, then the finish reason.
    static func deltas(
        _ quirk: String,
        _ deltas: [String],
        finish: String = #""stop""#,
        _ outcome: Outcome
    ) -> RecordedAnswer {
        let chunks = deltas.map { #"{"choices":[{"index":0,"delta":\#($0),"finish_reason":null}]}"# }
        return RecordedAnswer(
            quirk: quirk,
            api: .openAI,
            sent: .stream(chunks + [#"{"choices":[{"index":0,"delta":{},"finish_reason":\#(finish)}]}"#]),
            outcome: outcome
        )
    }

    /// A stream of chat completions: pieces of tool calls, each in a chunk of its own.
    static func pieces(_ quirk: String, _ pieces: [String], _ calls: [String]) -> RecordedAnswer {
        deltas(quirk, pieces.map { #"{"tool_calls":[\#($0)]}"# }, finish: #""tool_calls""#, .calls(calls))
    }

    /// A stream of chat completions with these chunks.
    static func chunks(_ quirk: String, _ chunks: [String], _ outcome: Outcome) -> RecordedAnswer {
        RecordedAnswer(quirk: quirk, api: .openAI, sent: .stream(chunks), outcome: outcome)
    }

    /// A whole chat completion with this message.
    static func message(
        _ quirk: String,
        _ message: String,
        finish: String = #""stop""#,
        _ outcome: Outcome
    ) -> RecordedAnswer {
        let json = #"{"choices":[{"index":0,"message":\#(message),"finish_reason":\#(finish)}]}"#
        return RecordedAnswer(quirk: quirk, api: .openAI, sent: .whole(json), outcome: outcome)
    }

    /// A whole chat completion as it is.
    static func whole(_ quirk: String, _ json: String, _ outcome: Outcome) -> RecordedAnswer {
        RecordedAnswer(quirk: quirk, api: .openAI, sent: .whole(json), outcome: outcome)
    }

    /// A whole message of the Messages API as it is.
    static func wholeMessage(_ quirk: String, _ json: String, _ outcome: Outcome) -> RecordedAnswer {
        RecordedAnswer(quirk: quirk, api: .anthropic, sent: .whole(json), outcome: outcome)
    }

    /// A stream of the Messages API with these events.
    static func events(_ quirk: String, _ events: [String], _ outcome: Outcome) -> RecordedAnswer {
        RecordedAnswer(quirk: quirk, api: .anthropic, sent: .stream(events), outcome: outcome)
    }

    /// The answer that a step with the tools `look` and `put` gets.
    func answer(
        _ request: ChatRequest = RecordedAnswer.armed,
        _ change: (inout AnswerContext) -> Void = { _ in }
    ) throws -> ChatAnswer {
        var reading = AnswerContext(model: "configured", provider: api.provider)
        change(&reading)
        switch sent {
        case .whole(let text): return try api.provider.read(JSONParser.parse(text.utf8), for: request, reading)
        case .stream(let events):
            var assembly = api.provider.streamAssembler()
            for event in events { try assembly.take(JSONParser.parse(event.utf8)) }
            return try api.provider.read(assembly.answer, for: request, reading)
        }
    }

    func seen() -> Outcome {
        do {
            let answer = try answer()
            return answer.toolCalls.isEmpty
                ? .text(answer.text) : .calls(answer.toolCalls.map { "\($0.name) \($0.arguments)" })
        } catch let failure as Failure {
            if case .failure(_, let text) = outcome, failure.message.contains(text) {
                return .failure(failure.class, text)
            }
            return .failure(failure.class, failure.message)
        } catch {
            return .failure(.temporary, "\(error)")
        }
    }

    static let armed: ChatRequest = {
        let schema: JSON = ["type": "object", "properties": ["city": ["type": "string"]]]
        let tools = ["look", "put"].map { ToolDescription(name: $0, description: "", parameters: schema) }
        return request(tools: tools)
    }()
}
