import AsyncHTTPClient
import Documents
import Jobs
import NIOHTTP1
import OrderedCollections
import TestKit
import Testing

@testable import Models

@Suite("Connections to a model's server", .timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let answer =
        #"{"choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}]}"#

    @Test("Each request has the configured headers and query, with secrets read from their references")
    func headers() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(Self.answer)
        }
        let more = """
            headers: {api-key: {env: AZURE}, X-Team: blue, User-Agent: batch, X-Number: 7}
            query: {api-version: "2024-10-21", "a b": "c&d"}
            """
        _ = try await FakeProvider.run(respond) { provider in
            try await withModel("\(provider.baseURL)?tenant=1", more, environment: ["AZURE": "secret one"]) {
                try await $0.complete(request())
            }
        }
        let seen = try #require(recorder.requests.first)
        #expect(seen.path == "/v1/chat/completions?tenant=1&api-version=2024-10-21&a%20b=c%26d")
        #expect(seen.headers["api-key"] == ["secret one"])
        #expect(seen.headers["X-Team"] == ["blue"])
        #expect(seen.headers["X-Number"] == ["7"])
        #expect(seen.headers["User-Agent"] == ["batch"])
    }

    @Test("A header's secret that the server repeats is hidden")
    func repeatedSecret() async throws {
        let respond = FakeProvider.always(.init(401, #"{"error":{"message":"bad key secret-1"}}"#))
        let failure = try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL, "headers: {api-key: {env: K}}", environment: ["K": "secret-1"]) {
                model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.message.contains("bad key [key]") == true)
        #expect(failure?.response?.text.contains("secret-1") == false)
    }

    @Test(
        "Invalid settings are refused with the name of their member",
        arguments: [
            ("headers: {Content-Type: x}", "headers.Content-Type: AgentSpool sets this header itself"),
            ("headers: {'a b': x}", "headers.a b: this is no name of a header"),
            ("headers: {X: \"a\\nb\"}", "headers.X: a text without line ends"),
            ("headers: {X: [1]}", "headers.X: "),
            ("headers: {X: {env: 'sk-1'}}", "headers.X.env: the name of an environment variable"),
            (
                "api_key: {env: K}\nheaders: {authorization: x}",
                "headers.authorization: api_key sets this header already"
            ),
            ("query: {a: [1]}", "query.a: a text was expected"),
            ("ca_file: ''", "ca_file: the path of a PEM file"),
            ("proxy: ftp://x", "proxy: a proxy whose URL begins with http:// or socks5://"),
            ("proxy: http://u:p@x:1", "proxy: the URL must hold no user or password"),
        ]
    )
    func refused(more: String, reason: String) throws {
        let error = settingsError("provider: openai\nbase_url: http://h/v1\nmodel: m\n\(more)")
        #expect(error?.contains(reason) == true, "\(error ?? "none")")
        #expect(error?.contains("sk-1") != true)
    }

    @Test("Settings that are read from their own JSON are the same")
    func roundTrip() throws {
        let read = try settings(
            """
            provider: openai
            base_url: https://h/v1?tenant=1
            model: m
            headers: {X-Team: blue, api-key: {file: key.txt}}
            query: {v: 1}
            ca_file: ca.pem
            proxy: socks5://p:1080
            patience: 2h
            """
        )
        let reader = try MemberReader(Document(read.json.bytes, format: .json, name: "d"))
        #expect(try ModelSettings(reader, name: "default") == read)
    }

    @Test(
        "The environment decides whether, and through which proxy, a server is reached",
        arguments: [
            ("https://api.example.com/v1", ["HTTPS_PROXY": "http://p:3128"], "http://p:3128"),
            ("https://api.example.com/v1", ["https_proxy": "p:3128", "HTTPS_PROXY": "q:1"], "http://p:3128"),
            ("https://api.example.com/v1", ["ALL_PROXY": "socks5h://p"], "socks5://p:1080"),
            ("https://api.example.com/v1", ["HTTP_PROXY": "http://p:3128"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": ""], nil),
            ("http://api.example.com/v1", ["http_proxy": "http://u:pw@p:3128/"], "http://p:3128"),
            ("http://localhost:11434/v1", ["HTTP_PROXY": "http://p:1"], nil),
            ("http://127.0.0.1:11434/v1", ["HTTP_PROXY": "http://p:1", "NO_PROXY": "x"], nil),
            ("http://[::1]:11434/v1", ["ALL_PROXY": "http://p:1"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "other.com, example.com"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "no_proxy": ".example.com"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "*.example.com"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "ample.com"], "http://p:1"),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "*"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "api.example.com:443"], nil),
            ("https://api.example.com/v1", ["HTTPS_PROXY": "p:1", "NO_PROXY": "api.example.com:8443"], "http://p:1"),
            ("http://10.1.2.3/v1", ["HTTP_PROXY": "p:1", "NO_PROXY": "10.0.0.0/8"], nil),
            ("http://11.1.2.3/v1", ["HTTP_PROXY": "p:1", "NO_PROXY": "10.0.0.0/8"], "http://p:1"),
        ] as [(String, [String: String], String?)]
    )
    func environment(url: String, variables: [String: String], expected: String?) throws {
        let choice = try ProxyEnvironment(variables).proxy(for: Endpoint(baseURL: url))
        #expect(choice?.proxy.text == expected)
    }

    @Test("A variable that names no proxy is reported without its value")
    func wrongVariable() throws {
        let endpoint = try Endpoint(baseURL: "https://h/v1")
        let error = #expect(throws: Endpoint.Problem.self) {
            try ProxyEnvironment(["HTTPS_PROXY": "ftp://u:secret@p"]).proxy(for: endpoint)
        }
        #expect(error?.reason.hasPrefix("the environment variable HTTPS_PROXY is of no use: ") == true)
        #expect(error?.reason.contains("secret") == false)
    }

    @Test("A model behind a proxy is described without the proxy's user and password")
    func way() throws {
        let model = try settings("{provider: openai, base_url: 'https://h/v1', model: m}")
        #expect(
            ModelConnections.way(to: model, environment: ["HTTPS_PROXY": "http://u:pw@p:3128"])
                == "the model default is reached at h:443 through the proxy http://p:3128, as HTTPS_PROXY says"
        )
        #expect(ModelConnections.way(to: model, environment: [:]) == nil)
        let direct = try settings("{provider: openai, base_url: 'https://h/v1', model: m, proxy: none}")
        #expect(ModelConnections.way(to: direct, environment: ["HTTPS_PROXY": "p:1"]) == nil)
    }

    @Test("A request goes through the proxy that the settings name")
    func throughProxy() async throws {
        let recorder = Recorder()
        // The proxy refuses the tunnel; the request for one is enough for this test.
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(403, "{}")
        }
        let failure = try await FakeProvider.run(respond) { proxy in
            try await withModel("http://api.example.com/v1", "proxy: http://127.0.0.1:\(proxy.port)") { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("no answer from api.example.com:80") == true)
    }

    @Test("A missing or invalid file of authorities fails when the model is made")
    func authorities() async throws {
        let error = try await withFile("no certificate") { path in
            await #expect(throws: DocumentError.self) {
                try await withModel("https://h/v1", "ca_file: \(path)") { _ in }
            }
        }
        #expect(error?.path == ["models", "default", "ca_file"])
        let missing = await #expect(throws: DocumentError.self) {
            try await withModel("https://h/v1", "ca_file: /nowhere/ca.pem") { _ in }
        }
        #expect(missing.map { "\($0)".contains("cannot be read") } == true)
    }

    // MARK: Redirects

    @Test("A redirect to the same server is followed as a POST with the key", arguments: [301, 302, 307, 308])
    func redirect(status: Int) async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return request.path == "/v1/chat/completions"
                ? .init(status, headers: ["Location": "/v2/chat/completions"], "") : .init(Self.answer)
        }
        let answer = try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL, "api_key: {env: K}", environment: ["K": "sk-1"]) {
                try await $0.complete(request())
            }
        }
        #expect(answer.text == "fine")
        #expect(recorder.requests.map(\.method) == [.POST, .POST])
        #expect(recorder.requests.last?.headers.first(name: "Authorization") == "Bearer sk-1")
        #expect(recorder.requests.first?.body == recorder.requests.last?.body)
    }

    @Test("A redirect to another server is followed without the key")
    func otherServer() async throws {
        let recorder = Recorder()
        let other: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(Self.answer)
        }
        let answer = try await FakeProvider.run(other) { other in
            let location = "\(other.baseURL)/chat/completions"
            return try await FakeProvider.run(FakeProvider.always(.init(307, headers: ["Location": location], ""))) {
                first in
                try await withModel(
                    first.baseURL,
                    "api_key: {env: K}\nheaders: {X-Secret: {env: K}}",
                    environment: ["K": "sk-1"]
                ) { try await $0.complete(request()) }
            }
        }
        #expect(answer.text == "fine")
        let headers = try #require(recorder.requests.first?.headers)
        #expect(!headers.contains(name: "Authorization"))
        #expect(!headers.contains(name: "X-Secret"))
    }

    @Test("A redirect loop ends, and a redirect from https to http is not followed")
    func loops() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return .init(307, headers: ["Location": request.path], "")
        }
        let failure = try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL) { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.class == .permanent)
        #expect(recorder.requests.count == Redirects.redirectsMax + 1)
        let secure = HTTPClientRequest(url: "https://h/v1/chat/completions")
        #expect(Redirects.next(after: .temporaryRedirect, ["Location": "http://h/v1"], of: secure) == nil)
    }

    // MARK: Limits

    @Test(
        "A refusal's wait comes from its headers or message, by the limit that is used up",
        arguments: [
            (
                [
                    "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s",
                    "x-ratelimit-remaining-tokens": "39000", "x-ratelimit-reset-tokens": "6m0s",
                ],
                "", Duration.seconds(2)
            ),
            (["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66s"], "", .milliseconds(7_660)),
            (["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "7.66"], "", .milliseconds(7_660)),
            (["ratelimit-remaining": "0", "ratelimit-reset": "12"], "", .seconds(12)),
            (
                [
                    "x-ratelimit-remaining": "0", "x-ratelimit-reset": "784111807000",
                    "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
                ],
                "", .seconds(30)
            ),
            ([:], "Rate limit reached. Please try again in 1.5s.", .milliseconds(1_500)),
            ([:], "Please try again in 6m0s.", .seconds(360)),
            ([:], "Please retry after 20 seconds.", .seconds(20)),
            (["x-ms-retry-after-ms": "1200"], "try again in 9s", .milliseconds(1_200)),
            (["Retry-After": "2s"], "", .seconds(2)),
            (
                [
                    "x-ratelimit-remaining-tokens": "10", "x-ratelimit-limit-tokens": "1000",
                    "x-ratelimit-reset-tokens": "3s",
                    "x-ratelimit-remaining-requests": "900", "x-ratelimit-limit-requests": "1000",
                    "x-ratelimit-reset-requests": "1h",
                ],
                "", .seconds(3)
            ),
            ([:], "slow down", nil),
        ] as [([String: String], String, Duration?)]
    )
    func limits(headers: [String: String], message: String, expected: Duration?) {
        let verdict = ProviderError.verdict(
            status: 429,
            body: JSON.object(["error": ["message": .string(message)]]).bytes,
            headers: HTTPHeaders(headers.map { ($0.key, $0.value) })
        )
        #expect(verdict.effect == .rest(expected, .quota))
    }
}
