import Documents
import Jobs
import NIOHTTP1
import Testing

@testable import Models

@Suite("Errors of providers")
struct ProviderErrorTests {
    private func failure(
        _ status: Int,
        _ body: String = "",
        _ headers: HTTPHeaders = [:],
        key: ProviderError.Key = ProviderError.Key()
    ) -> Failure {
        ProviderError.verdict(status: status, body: Array(body.utf8), headers: headers, key: key).failure
    }

    @Test(
        "Each status has its failure class",
        arguments: [
            (301, FailureClass.permanent), (400, .permanent), (401, .permanent), (402, .permanent), (403, .permanent),
            (404, .permanent), (405, .permanent), (408, .temporary), (409, .temporary), (413, .permanent),
            (422, .permanent), (425, .temporary), (429, .temporary), (500, .temporary), (501, .permanent),
            (502, .temporary), (503, .temporary), (504, .temporary), (505, .permanent), (520, .temporary),
            (529, .temporary),
        ]
    )
    func classes(status: Int, expected: FailureClass) {
        let failure = failure(status)
        #expect(failure.class == expected)
        #expect(failure.message.contains("\(status)"))
        #expect((failure.hint != nil) == (expected == .permanent))
    }

    @Test(
        "An exhausted quota with status 429 is permanent, wherever the body names it",
        arguments: [
            #"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
            #"{"error":{"message":"m","type":"insufficient_quota","code":null}}"#,
            #"{"error":{"message":"m","type":"x","code":"credit_balance_exhausted"}}"#,
            #"{"error":{"message":"m","code":"organization_spend_limit_exceeded"}}"#,
            #"{"error":{"message":"m","code":"project_spend_limit_exceeded"}}"#,
            #"{"error":{"message":"m","code":"organization_usage_limit_exceeded"}}"#,
            #"{"error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}"#,
        ]
    )
    func quota(body: String) {
        let failure = failure(429, body, ["Retry-After": "3"])
        #expect(failure.class == .permanent)
        #expect(failure.hint?.contains("quota") == true)
        #expect(failure.retryAfter == nil)
    }

    @Test(
        "The message of an error is found in every known form",
        arguments: [
            (#"{"error":{"message":"too fast","type":"t","param":null,"code":"slow_down"}}"#, "(slow_down): too fast"),
            (#"{"error":{"message":"too fast","type":"t","code":null}}"#, "(t): too fast"),
            (#"{"error":{"message":"too fast","code":429}}"#, "429: too fast"),
            (#"{"error":{"message":"too fast","code":"429"}}"#, "429: too fast"),
            (#"{"error":"model not found"}"#, "429: model not found"),
            (#"{"detail":[{"msg":"bad"}]}"#, "429: bad"),
            (#"{"detail":"bad"}"#, "429: bad"),
            (#"{"message":"top","type":"kind"}"#, "(kind): top"),
            ("upstream\n  gone", "429: upstream gone"),
        ]
    )
    func shapes(body: String, expected: String) {
        #expect(failure(429, body).message.hasSuffix(expected))
    }

    @Test(
        "A body without a message adds nothing to the failure",
        arguments: ["", "<html><body>Bad Gateway</body></html>", "{", "null", "[]"]
    )
    func noMessage(body: String) {
        #expect(failure(502, body).message == "the provider answered HTTP 502")
    }

    @Test("A long message is cut to 300 characters")
    func cut() {
        let message = failure(400, #"{"error":"\#(String(repeating: "é", count: 5_000))"}"#).message
        #expect(message.count { $0 == "é" } == 299)
        #expect(message.hasSuffix("…"))
    }

    @Test("A key that the provider repeats is hidden, even where the message is cut")
    func secret() {
        let key = ProviderError.Key(reference: .environment("K"), secrets: ["sk-secret-1"])
        let padding = String(repeating: "x", count: 292)
        for message in ["wrong key sk-secret-1", padding + "sk-secret-1", "sk-secret-1sk-secret-1"] {
            let failure = failure(401, #"{"error":{"message":"\#(message)","code":"\#(message)"}}"#, key: key)
            #expect(!failure.message.contains("sk-"))
            #expect(failure.hint?.contains("{env: K}") == true)
        }
        #expect(failure(401).hint?.contains("set api_key") == true)
    }

    @Test(
        "A request that is too long for the context has its own hint",
        arguments: ["context_length_exceeded", "exceed_context_size_error"]
    )
    func context(code: String) {
        #expect(failure(400, #"{"error":{"message":"m","type":"\#(code)"}}"#).hint?.contains("context") == true)
    }

    @Test("The header x-should-retry decides the failure class")
    func shouldRetry() {
        #expect(failure(400, "", ["x-should-retry": "true"]).class == .temporary)
        #expect(failure(503, "", ["X-Should-Retry": "false"]).class == .permanent)
        #expect(failure(503, "", ["x-should-retry": "maybe"]).class == .temporary)
    }

    @Test(
        "The wait after a failure is read from the headers",
        arguments: [
            (["Retry-After": "7"], Duration.seconds(7)),
            (["Retry-After": "0.25"], .milliseconds(250)),
            (["retry-after-ms": "1500", "Retry-After": "9"], .milliseconds(1_500)),
            (["Retry-After": "1e300"], RetryAfter.max),
            (["Retry-After": "-1"], nil),
            (["Retry-After": "nan"], nil),
            (["Retry-After": "inf"], RetryAfter.max),
            (["Retry-After": "soon"], nil),
            (["Retry-After": "Sun, 06 Nov 1994 08:50:07 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"], .seconds(30)),
            (["Retry-After": "Sun, 06 Nov 1994 08:49:07 GMT", "Date": "Sun, 06 Nov 1994 08:49:37 GMT"], .zero),
            (["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"], nil),
            ([:], nil),
        ] as [([String: String], Duration?)]
    )
    func retryAfter(headers: [String: String], expected: Duration?) {
        #expect(failure(429, "", HTTPHeaders(headers.map { ($0.key, $0.value) })).retryAfter == expected)
        #expect(failure(400, "", HTTPHeaders(headers.map { ($0.key, $0.value) })).retryAfter == nil)
    }

    @Test(
        "An HTTP date is read in each of its three forms",
        arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
    )
    func dates(text: String) {
        #expect(RetryAfter.date(text)?.text == "1994-11-06T08:49:37.000Z")
    }

    @Test(
        "A text that is not an HTTP date is refused",
        arguments: ["", "Sun, 36 Nov 1994 08:49:37 GMT", "1994-11-06", "a b c d e f"]
    )
    func noDates(text: String) {
        #expect(RetryAfter.date(text) == nil)
    }

    @Test("An error answer is kept for the error file of a batch, without the key")
    func response() {
        let body = #"{"type":"error","error":{"type":"t","message":"the key sk-1 is bad"},"request_id":"r"}"#
        let key = ProviderError.Key(secrets: ["sk-1"])
        let failure = ProviderError.verdict(
            status: 401,
            body: Array(body.utf8),
            headers: ["request-id": "req_7"],
            key: key
        ).failure
        let expected: JSON = [
            "status_code": 401, "request_id": "req_7",
            "body": [
                "type": "error", "error": ["type": "t", "message": "the key [key] is bad"], "request_id": "r",
            ],
        ]
        #expect(failure.response == expected)
    }

    @Test(
        "An error in another form is converted to OpenAI's form",
        arguments: [
            ("<html>", "HTTP 500"), ("upstream is gone", "upstream is gone"), (#"{"error":"text"}"#, "text"),
            (#"{"detail":"text"}"#, "text"), ("", "HTTP 500"),
        ]
    )
    func madeResponse(body: String, message: String) {
        let expected: JSON = [
            "status_code": 500, "request_id": .null,
            "body": ["error": ["message": .string(message), "type": .null, "param": .null, "code": .null]],
        ]
        #expect(failure(500, body).response == expected)
    }
}
