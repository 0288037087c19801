import AsyncHTTPClient
import Documents
import Jobs
import NIOCore
import NIOHTTP1
import NIOPosix
import TestKit
import Testing

@testable import Models

@Suite("A model behind an HTTP API", .timeLimit(.minutes(1)))
struct ProviderModelTests {
    static let hello =
        #"{"model":"gpt","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"#
        + #""usage":{"prompt_tokens":3,"completion_tokens":1}}"#

    /// The failure of one call to a server that answers with `reply`.
    private func failure(_ reply: FakeProvider.Reply, _ more: String = "") async throws -> Failure? {
        try await FakeProvider.run(FakeProvider.always(reply)) { provider in
            try await withModel(provider.baseURL, more) { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
    }

    @Test("A call sends key, idempotency key and body, and returns the answer")
    func success() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(Self.hello)
        }
        let answer = try await FakeProvider.run(respond) { provider in
            try await withModel(
                provider.baseURL,
                "stream: false\napi_key: {env: K}\nparameters: {temperature: 0}\nprice: {input: 1000000, output: 1000000}",
                environment: ["K": "sk-1"]
            ) { try await $0.complete(request()) }
        }
        #expect(answer.text == "Hi")
        #expect(answer.model == "gpt")
        #expect(answer.usage.costUSD == 4)
        let seen = try #require(recorder.requests.first)
        #expect(recorder.requests.count == 1)
        #expect(seen.method == .POST)
        #expect(seen.path == "/v1/chat/completions")
        #expect(seen.headers.first(name: "Authorization") == "Bearer sk-1")
        #expect(seen.headers.first(name: "Idempotency-Key") == "01JD/classify")
        #expect(seen.headers.first(name: "Content-Type") == "application/json")
        #expect(
            seen.body == ["model": "qwen", "messages": [["role": "user", "content": "Hello"]], "temperature": 0]
        )
    }

    @Test("A model without a key sends no Authorization header")
    func noKey() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(Self.hello)
        }
        _ = try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL) { try await $0.complete(request()) }
        }
        #expect(recorder.requests.first?.headers.contains(name: "Authorization") == false)
    }

    @Test("The tool calls of an answer are returned")
    func toolCalls() async throws {
        let body =
            #"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"c1","type":"function","#
            + #""function":{"name":"get","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#
        let answer = try await FakeProvider.run(FakeProvider.always(FakeProvider.Reply(body))) { provider in
            try await withModel(provider.baseURL) { try await $0.complete(request()) }
        }
        #expect(answer.toolCalls == [ModelToolCall(id: "c1", name: "get", arguments: "{}")])
    }

    @Test("Status 429 does not fail the step: the model rests for as long as the provider asks")
    func rateLimit() async throws {
        let reply = FakeProvider.Reply(
            429,
            headers: ["Retry-After": "7"],
            #"{"error":{"message":"slow","code":"slow_down"}}"#
        )
        let pause = try await withModel(FakeProvider.always(reply), clock: ManualClock()) { model in
            await ModelsTests.pause { try await model.complete(request()) }
        }
        #expect(pause?.duration == .seconds(7))
        #expect(pause?.patience == ModelLimiter.patienceDefault)
        #expect(
            pause?.reason == "the model default rests for 7s: the provider answered HTTP 429 (slow_down): slow"
        )
    }

    @Test("Status 500 is temporary, 404 is permanent, and a 303 redirect is not followed")
    func statuses() async throws {
        #expect(try await failure(FakeProvider.Reply(500, "oops"))?.class == .temporary)
        #expect(try await failure(FakeProvider.Reply(404, "{}"))?.class == .permanent)
        let redirect = FakeProvider.Reply(303, headers: ["Location": "http://127.0.0.1:1/"], "")
        #expect(try await failure(redirect)?.message.contains("303") == true)
    }

    @Test("A key that the server repeats is hidden")
    func repeatedKey() async throws {
        let reply = FakeProvider.Reply(401, #"{"error":{"message":"bad key sk-secret-1"}}"#)
        let failure = try await FakeProvider.run(FakeProvider.always(reply)) { provider in
            try await withModel(provider.baseURL, "api_key: {env: K}", environment: ["K": "sk-secret-1"]) { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.class == .permanent)
        #expect(failure?.message.contains("bad key [key]") == true)
    }

    @Test("A malformed answer with status 200 is a temporary failure")
    func garbage() async throws {
        #expect(try await failure(FakeProvider.Reply("<html>"))?.class == .temporary)
    }

    @Test("An error page of any size is judged by its status")
    func largeErrorPage() async throws {
        let page = String(repeating: "<p>", count: ProviderCall.errorBytesMax)
        #expect(try await failure(FakeProvider.Reply(503, page))?.message == "the provider answered HTTP 503")
    }

    @Test("An answer above the size limit is a permanent failure")
    func tooLarge() async throws {
        let page = String(repeating: " ", count: ProviderCall.answerBytesMax + 1)
        let failure = try await failure(FakeProvider.Reply(page))
        #expect(failure?.class == .permanent)
        #expect(failure?.message.contains("64 MiB") == true)
    }

    @Test("A refused connection is a temporary failure that names host and port")
    func refused() async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        try await channel.close()
        let failure = try await withModel("http://127.0.0.1:\(port)/v1") { model in
            await ModelsTests.failure { try await model.complete(request("secret question")) }
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message == "no answer from 127.0.0.1:\(port): connection refused")
    }

    @Test("A host name that does not resolve is a temporary failure that names host and port")
    func noSuchHost() async throws {
        let failure = try await withModel("http://nowhere.invalid:81/v1") { model in
            await ModelsTests.failure { try await model.complete(request()) }
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("nowhere.invalid:81") == true)
    }

    @Test("A server without TLS is a temporary failure that names host and port")
    func noTLS() async throws {
        let failure = try await FakeProvider.run(FakeProvider.always(FakeProvider.Reply(Self.hello))) { provider in
            try await withModel("https://127.0.0.1:\(provider.port)/v1") { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.hasPrefix("no answer from 127.0.0.1:") == true)
        #expect(failure?.message.hasSuffix("TLS failed (WRONG_VERSION_NUMBER)") == true)
    }

    @Test("A connection that breaks off is a temporary failure")
    func reset() async throws {
        struct HangUp: Error {}
        let respond: FakeProvider.Respond = { _ in throw HangUp() }
        let failure = try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL) { model in
                await ModelsTests.failure { try await model.complete(request()) }
            }
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.hasPrefix("no answer from 127.0.0.1:") == true)
    }

    private static let never: FakeProvider.Respond = { _ in
        try await Gate().pass()
        return FakeProvider.Reply("")
    }

    @Test("A server that never answers is a temporary failure after the timeout")
    func timeOut() async throws {
        let (clock, recorder) = (ManualClock(), Recorder())
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return try await Self.never(request)
        }
        let failure = try await withModel(respond, "timeout: 200s", clock: clock) { model in
            async let failure = ModelsTests.failure { try await model.complete(request()) }
            await recorder.whenSeen(1)
            await clock.whenSleeping(for: .seconds(200))
            clock.advance(by: .seconds(200))
            return await failure
        }
        #expect(failure?.class == .temporary)
        #expect(failure?.message.contains("gave no answer within 200s") == true)
    }

    @Test("A cancelled call throws CancellationError")
    func cancelled() async throws {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return try await Self.never(request)
        }
        try await FakeProvider.run(respond) { provider in
            try await withModel(provider.baseURL) { model in
                let call = Task { try await model.complete(request()) }
                await recorder.whenSeen(1)
                call.cancel()
                await #expect(throws: CancellationError.self) { try await call.value }
            }
        }
    }

    @Test("No more calls than limits.concurrency allows reach the server at once")
    func concurrency() async throws {
        let inside = Watched((now: 0, most: 0, total: 0))
        let gate = Gate()
        let respond: FakeProvider.Respond = { _ in
            inside.update { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.total + 1) }
            try await gate.pass()
            inside.update { $0.now -= 1 }
            return FakeProvider.Reply(Self.hello)
        }
        try await withModel(respond, "limits: {concurrency: 2}") { model in
            try await withThrowingTaskGroup(of: ChatAnswer.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await model.withPermit { try await $0.complete(request()) } }
                }
                await inside.wait { $0.now == 2 }
                while model.limiter.waiting < 4 { await Task.yield() }
                gate.open()
                for try await answer in group { #expect(answer.text == "Hi") }
            }
        }
        #expect(inside.value.most == 2)
        #expect(inside.value.total == 6)
    }
}
