import Documents
import Jobs
import NIOHTTP1
import TestKit
import Testing

@testable import Models

/// Answers as servers and their proxies send them; each row has one quirk and one outcome.
@Suite("Shapes of transport and of errors", .timeLimit(.minutes(1)))
struct TransportShapesTests {
    enum Outcome: Sendable {
        /// The answer's text.
        case text(String)
        /// A permanent failure with this text.
        case permanent(String)
        /// A temporary failure with this text.
        case temporary(String)
        /// The model rests for its quota.
        case pause(String)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var api = API.openAI
        var status = 200
        var type: String? = "text/event-stream"
        var body: String
        var outcome: Outcome

        var testDescription: String { name }

        init(
            _ name: String,
            api: API = .openAI,
            status: Int = 200,
            type: String? = "text/event-stream",
            _ body: String,
            _ outcome: Outcome
        ) {
            (self.name, self.api, self.status, self.type) = (name, api, status, type)
            (self.body, self.outcome) = (body, outcome)
        }
    }

    private static let json = "application/json"
    private static let word = #"{"choices":[{"index":0,"delta":{"role":"assistant","content":"fine"}}]}"#
    private static let end = #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
    private static let whole =
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}"#

    private static func events(_ events: String..., separator: String = "\n\n", field: String = "data: ") -> String {
        events.map { field + $0 + separator }.joined()
    }

    static let transport: [Row] = [
        Row("[DONE] with spaces", "data: \(word)\n\ndata: \(end)\n\ndata:   [DONE]  \n\n", .text("fine")),
        Row("no space after data:", events(word, end, "[DONE]", field: "data:"), .text("fine")),
        Row("carriage returns and line feeds", events(word, end, "[DONE]", separator: "\r\n\r\n"), .text("fine")),
        Row("carriage returns alone", events(word, end, "[DONE]", separator: "\r\r"), .text("fine")),
        Row("one line feed after each event", events(word, end, "[DONE]", separator: "\n"), .text("fine")),
        Row("comments and blank events", ": hello\n\n\n\n: ping\n\(events(word, ""))\n\(events(end))", .text("fine")),
        Row("event names before data", "event: message\n\(events(word))event: message\n\(events(end))", .text("fine")),
        Row("a byte order mark", "\u{FEFF}" + events(word, end, "[DONE]"), .text("fine")),
        Row("no empty line after the last event", "data: \(word)\n\ndata: \(end)", .text("fine")),
        Row("no [DONE]", events(word, end), .text("fine")),
        Row(
            "a content type with a charset in capitals",
            type: "Text/Event-Stream; CHARSET=utf-8",
            events(word, end),
            .text("fine")
        ),
        Row("no content type", type: nil, events(word, end), .text("fine")),
        Row("events as JSON", type: json, events(word, end, "[DONE]"), .text("fine")),
        Row(
            "events as plain text, behind a comment",
            type: "text/plain",
            ": hi\n\n" + events(word, end),
            .text("fine")
        ),
        Row("JSON as events", whole, .text("fine")),
        Row("JSON without a content type", type: nil, whole, .text("fine")),
        Row("JSON with a byte order mark", type: json, "\u{FEFF}" + whole, .text("fine")),
        Row("chunks on lines, without data:", type: "application/x-ndjson", "\(word)\n\(end)\n", .text("fine")),
        Row("an event name that says error, over words", "event: error\ndata: it broke\n\n", .temporary("it broke")),
        Row(
            "a page with status 200",
            type: "text/html",
            "<html><title>Log in</title>",
            .temporary("it is a page and not JSON: Log in")
        ),
        Row("text with status 200", type: "text/plain", "no such route", .temporary("it is not JSON: no such route")),
        Row("text as events", "upstream is gone", .temporary("upstream is gone")),
        Row("nothing", "", .temporary("not whole")),
        Row("half an answer", events(word), .temporary("not whole")),
    ]

    static let errors: [Row] = [
        Row(
            "an error object as the first event",
            events(#"{"object":"error","message":"9000 tokens are too many","type":"BadRequestError","code":400}"#),
            .permanent("(BadRequestError): 9000 tokens are too many")
        ),
        Row(
            "an error as JSON in the place of events",
            #"{"error":{"message":"not this model","code":403}}"#,
            .permanent("not this model")
        ),
        Row(
            "an error as JSON, its code as digits",
            type: json,
            #"{"error":{"message":"wrong","code":"400"}}"#,
            .permanent("wrong")
        ),
        Row(
            "an error with a word as its code",
            type: json,
            #"{"error":{"message":"wrong","code":"invalid_request_error"}}"#,
            .permanent("(invalid_request_error): wrong")
        ),
        Row(
            "Google's list of errors",
            type: json,
            #"[{"error":{"code":400,"message":"bad field","status":"INVALID_ARGUMENT"}}]"#,
            .permanent("(INVALID_ARGUMENT): bad field")
        ),
        Row(
            "Google's quota",
            type: json,
            #"[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]"#,
            .pause("quota")
        ),
        Row(
            "an error as a text",
            type: json,
            #"{"error":"model 'x' not found","code":404}"#,
            .permanent("model 'x' not found")
        ),
        Row("a detail", type: json, #"{"detail":"no"}"#, .temporary("no")),
        Row(
            "a list of errors",
            type: json,
            #"{"errors":[{"message":"no credit","code":402}]}"#,
            .permanent("no credit")
        ),
        Row(
            "a message and a code",
            type: json,
            #"{"message":"forbidden here","code":403}"#,
            .permanent("forbidden here")
        ),
        Row(
            "Anthropic's error as an event",
            api: .anthropic,
            "event: error\ndata: " + #"{"type":"error","error":{"type":"invalid_request_error","message":"wrong"}}"#
                + "\n\n",
            .permanent("(invalid_request_error): wrong")
        ),
        Row(
            "Anthropic's overload as an event",
            api: .anthropic,
            "event: error\ndata: " + #"{"type":"error","error":{"type":"overloaded_error","message":"busy"}}"# + "\n\n",
            .temporary("busy")
        ),
        Row(
            "llama.cpp's field error",
            "error: " + #"{"code":500,"message":"slot is gone","type":"server_error"}"# + "\n\n",
            .temporary("slot is gone")
        ),
        Row(
            "an error after words",
            events(word, #"{"error":{"message":"upstream broke"}}"#),
            .temporary("upstream broke")
        ),
        Row(
            "a permanent error after words",
            events(word, #"{"error":{"message":"unsafe","code":400}}"#),
            .permanent("unsafe")
        ),
        Row(
            "a quota after words costs an attempt",
            events(word, #"{"error":{"message":"quota","code":429}}"#),
            .temporary("quota")
        ),
        Row("a quota before words", events(#"{"error":{"message":"quota","code":429}}"#), .pause("quota")),
        Row(
            "what a gateway passes on",
            status: 400,
            type: json,
            #"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"too long\"}}"}}}"#,
            .permanent("Provider returned error: too long")
        ),
        Row(
            "JSON inside a message",
            status: 400,
            type: json,
            #"{"error":"{\"error\":{\"message\":\"inner\",\"type\":\"t\"}}"}"#,
            .permanent("(t): inner")
        ),
        Row(
            "FastAPI's details",
            status: 422,
            type: json,
            #"{"detail":[{"loc":["body","n"],"msg":"must be 1","type":"value_error"}]}"#,
            .permanent("body.n: must be 1")
        ),
        Row(
            "a message that is an object",
            status: 422,
            type: json,
            #"{"object":"error","message":{"detail":[{"loc":["body","n"],"msg":"must be 1"}]}}"#,
            .permanent("body.n: must be 1")
        ),
        Row(
            "Azure's error",
            status: 401,
            type: json,
            #"{"error":{"code":"401","message":"Access denied"}}"#,
            .permanent("HTTP 401: Access denied")
        ),
        Row(
            "RFC 9457's problem",
            status: 400,
            type: "application/problem+json",
            #"{"type":"about:blank","title":"Bad","status":400,"detail":"the field n"}"#,
            .permanent("the field n")
        ),
        Row(
            "a proxy's page",
            status: 502,
            type: "text/html",
            "<html>\r\n<head><title>502 Bad Gateway</title></head><body><h1>x</h1>",
            .temporary("HTTP 502: 502 Bad Gateway")
        ),
        Row(
            "a page with tags in its title",
            status: 404,
            type: "text/html",
            "<TITLE>No <b>such</b> page &amp; more</TITLE>",
            .permanent("HTTP 404: No such page & more")
        ),
        Row(
            "plain text",
            status: 500,
            type: "text/plain",
            "Internal Server Error",
            .temporary("HTTP 500: Internal Server Error")
        ),
        Row(
            "an error as an event with a status",
            status: 400,
            #"data: {"error":{"message":"wrong"}}"# + "\n\n",
            .permanent("wrong")
        ),
        Row("an empty body", status: 400, type: nil, "", .permanent("HTTP 400")),
    ]

    @Test("Each shape has its outcome, after one request", arguments: transport + errors)
    func outcome(row: Row) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            var reply = FakeProvider.Reply(row.status, row.body)
            reply.headers.remove(name: "Content-Type")
            if let type = row.type { reply.headers.add(name: "Content-Type", value: type) }
            return reply
        }
        let result: Result<ChatAnswer, any Error> = try await withModel(respond, api: row.api) { model in
            do { return .success(try await model.complete(request())) } catch { return .failure(error) }
        }
        #expect(recorder.requests.count == 1)
        let failure = result.error as? Failure
        switch row.outcome {
        case .text(let text): #expect(try result.get().text == text)
        case .permanent(let words):
            #expect(failure?.class == .permanent)
            #expect(failure?.message.contains(words) == true, "\(result)")
        case .temporary(let words):
            #expect(failure?.class == .temporary)
            #expect(failure?.message.contains(words) == true, "\(result)")
        case .pause(let words):
            let pause = result.error as? ModelPause
            #expect(pause?.patience != nil)
            #expect(pause?.reason.contains(words) == true, "\(result)")
        }
        #expect(failure.map { !$0.message.contains("<") } ?? true)
    }

    @Test("A stream that stays open after its end is accepted after a short wait", arguments: [true, false])
    func staysOpen(hasUsage: Bool) async throws {
        let clock = ManualClock()
        let usage =
            hasUsage ? [#"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}"# + "\n\n"] : []
        let reply = FakeProvider.Reply.stream([Self.events(Self.word), Self.events(Self.end)] + usage, ending: .stall)
        let answer = try await withModel(FakeProvider.always(reply), clock: clock) { model in
            async let answer = model.complete(request())
            await clock.whenSleeping(for: ProviderCall.endGrace)
            clock.advance(by: ProviderCall.endGrace)
            return try await answer
        }
        #expect(answer.text == "fine")
    }

    @Test("A connection that breaks off after the answer's end does not invalidate it")
    func breaksOffAfterwards() async throws {
        let reply = FakeProvider.Reply.stream([Self.events(Self.word, Self.end)], ending: .hangUp)
        let answer = try await withModel(FakeProvider.always(reply)) { try await $0.complete(request()) }
        #expect(answer.text == "fine")
    }

    @Test("An answer may take longer than timeout while parts of it come")
    func slowWords() async throws {
        let (clock, gate, seen) = (ManualClock(), Gate(), Recorder())
        let respond: FakeProvider.Respond = { request in
            seen.add(request)
            var reply = FakeProvider.Reply.stream([Self.events(Self.word), Self.events(Self.end)])
            reply.gate = gate
            return reply
        }
        let answer = try await withModel(respond, "timeout: 5s\nidle_timeout: 60s", clock: clock) { model in
            async let answer = model.complete(request())
            // The first word has come.
            await clock.whenSleeping(for: .seconds(60))
            clock.advance(by: .seconds(20))
            gate.open()
            return try await answer
        }
        #expect(answer.text == "fine")
    }

    @Test("Comments alone do not keep a stream open forever")
    func commentsOnly() async throws {
        let clock = ManualClock()
        let progress = CallProgress(clock)
        progress.noteBytes(isStream: true, hasWords: true)
        async let fault = progress.stall(after: .seconds(10), silenceMax: .seconds(25))
        for _ in 0..<4 {
            _ = await clock.whenSleeping(forUpTo: .seconds(10))
            clock.advance(by: .seconds(6))
            progress.noteBytes(isStream: true, hasWords: false)
        }
        _ = await clock.whenSleeping(forUpTo: .seconds(10))
        clock.advance(by: .seconds(1))
        #expect(try await fault is ConnectionFailure.Silent)
    }
}
