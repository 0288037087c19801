import Documents
import Jobs
import NIOHTTP1
import TestKit
import Testing

@testable import Models

@Suite("HTTP statuses of providers", .timeLimit(.minutes(1)))
struct ProviderStatusTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var api: API
        var status: Int
        var headers: HTTPHeaders = [:]
        /// The body of the answer; it may be empty.
        var error: String
        var expected: FailureClass
        var isStop = false
        var pause: Duration?

        init(
            _ api: API,
            _ status: Int,
            _ error: String,
            _ expected: FailureClass,
            _ headers: HTTPHeaders = [:],
            isStop: Bool = false,
            pause: Duration? = nil
        ) {
            (self.api, self.status, self.error, self.expected) = (api, status, error, expected)
            (self.headers, self.isStop, self.pause) = (headers, isStop, pause)
        }

        var testDescription: String { "\(api) \(status) \(error)" }
    }

    private static func openAI(_ type: String, _ code: String = "null") -> String {
        #"{"error":{"message":"m","type":"\#(type)","param":null,"code":\#(code)}}"#
    }

    private static func anthropic(_ type: String, _ message: String = "m", code: String? = nil) -> String {
        let details = code.map { #","details":{"error_code":"\#($0)"}"# } ?? ""
        return #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"\#(details)},"request_id":"req_1"}"#
    }

    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    static let rows: [Row] = [
        Row(.openAI, 400, openAI("invalid_request_error"), .permanent),
        Row(.openAI, 400, openAI("invalid_request_error", #""context_length_exceeded""#), .permanent),
        Row(.openAI, 400, openAI("budget_exceeded", #""400""#), .permanent, isStop: true),
        Row(.openAI, 401, openAI("invalid_request_error", #""invalid_api_key""#), .permanent, isStop: true),
        Row(.openAI, 402, openAI("billing"), .permanent, isStop: true),
        Row(.openAI, 403, openAI("permission"), .permanent, isStop: true),
        Row(.openAI, 404, #"{"error":"model not found"}"#, .permanent),
        Row(.openAI, 408, "", .temporary),
        Row(.openAI, 409, openAI("conflict"), .temporary),
        Row(.openAI, 413, "", .permanent),
        Row(.openAI, 422, #"{"detail":[{"msg":"bad"}]}"#, .permanent),
        Row(.openAI, 429, openAI("tokens", #""rate_limit_exceeded""#), .temporary),
        Row(.openAI, 429, openAI("requests"), .temporary, ["Retry-After": "20"], pause: .seconds(20)),
        Row(.openAI, 429, openAI("requests"), .temporary, ["retry-after-ms": "2500"], pause: .milliseconds(2_500)),
        Row(
            .openAI,
            429,
            openAI("x", #""slow_down""#),
            .temporary,
            ["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"],
            pause: .seconds(90)
        ),
        Row(.openAI, 429, openAI("insufficient_quota", #""insufficient_quota""#), .permanent, isStop: true),
        Row(.openAI, 429, openAI("x", #""credit_balance_exhausted""#), .permanent, ["Retry-After": "3"], isStop: true),
        Row(.openAI, 429, openAI("x", #""organization_spend_limit_exceeded""#), .permanent, isStop: true),
        Row(.openAI, 429, openAI("x", #""project_spend_limit_exceeded""#), .permanent, isStop: true),
        Row(.openAI, 429, openAI("x", #""organization_usage_limit_exceeded""#), .permanent, isStop: true),
        Row(.openAI, 500, openAI("server_error"), .temporary),
        Row(.openAI, 501, openAI("not_supported_error", "501"), .permanent),
        Row(.openAI, 502, "", .temporary),
        Row(.openAI, 503, openAI("unavailable_error", "503"), .temporary, ["Retry-After": "4"], pause: .seconds(4)),
        Row(.openAI, 504, "", .temporary, ["Retry-After": "4"]),
        Row(.anthropic, 400, anthropic("invalid_request_error"), .permanent),
        Row(
            .anthropic,
            400,
            anthropic("invalid_request_error", "You have reached your specified API usage limits."),
            .permanent,
            isStop: true
        ),
        Row(
            .anthropic,
            400,
            anthropic("invalid_request_error", "Your credit balance is too low to access."),
            .permanent,
            isStop: true
        ),
        Row(.anthropic, 401, anthropic("authentication_error"), .permanent, isStop: true),
        Row(.anthropic, 402, anthropic("billing_error"), .permanent, isStop: true),
        Row(.anthropic, 403, anthropic("permission_error"), .permanent, isStop: true),
        Row(.anthropic, 404, anthropic("not_found_error"), .permanent),
        Row(.anthropic, 409, anthropic("conflict_error"), .temporary),
        Row(.anthropic, 413, anthropic("request_too_large"), .permanent),
        Row(.anthropic, 429, anthropic("rate_limit_error"), .temporary, ["Retry-After": "20"], pause: .seconds(20)),
        Row(.anthropic, 429, anthropic("rate_limit_error", code: "ramp_limit_exceeded"), .temporary),
        Row(
            .anthropic,
            429,
            anthropic("rate_limit_error"),
            .temporary,
            [
                "Date": date, "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": "1994-11-06T08:50:07Z",
            ],
            pause: .seconds(30)
        ),
        Row(
            .anthropic,
            429,
            anthropic("rate_limit_error", code: "enforced_spend_limit_reached"),
            .permanent,
            isStop: true
        ),
        Row(.anthropic, 500, anthropic("api_error"), .temporary),
        Row(.anthropic, 504, anthropic("timeout_error"), .temporary),
        Row(.anthropic, 529, anthropic("overloaded_error"), .temporary),
        Row(.anthropic, 529, anthropic("overloaded_error"), .temporary, ["Retry-After": "9"], pause: .seconds(9)),
    ]

    private func outcome<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    @Test("Each status has its class, and stops the limiter, pauses it or leaves it open", arguments: rows)
    func status(row: Row) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(row.status, headers: row.headers, row.error)
        }
        try await withModel(respond, api: row.api, clock: ManualClock()) { model in
            let result: Result<ChatAnswer, any Error> = await outcome {
                try await model.withPermit { try await $0.complete(request()) }
            }
            // A refusal for quota is a pause, not a failure.
            let isQuota = row.status == 429 && !row.isStop
            let failure = result.error as? Failure
            #expect(failure?.class == (isQuota ? nil : row.expected))
            let words = failure?.message ?? (result.error as? ModelPause)?.reason
            #expect(words?.contains("HTTP \(row.status)") == true)
            #expect(failure?.usage == nil)
            let rests = [429, 503, 529].contains(row.status) && !row.isStop
            #expect(
                model.limiter.closed?.duration == (row.isStop ? .seconds(60) : rests ? row.pause ?? .seconds(1) : nil)
            )
            #expect(model.limiter.closed?.reason.contains("HTTP \(row.status)") ?? true)
            #expect(model.limiter.isStopped == row.isStop)
        }
        #expect(recorder.requests.count == 1)
    }
}
