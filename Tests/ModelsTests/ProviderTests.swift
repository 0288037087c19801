import AsyncHTTPClient
import Documents
import Jobs
import NIOHTTP1
import Testing

@testable import Models

/// What a provider needs, and that nothing else of the module must know it.
@Suite("Providers", .timeLimit(.minutes(1)))
struct ProviderTests {
    /// An API that no real provider has: one text in, one text out.
    private struct EchoProvider: HTTPProvider {
        var name: String { "echo" }
        var keyHeader: String { "echo-key" }
        var idempotencyHeader: String { "Echo-Once" }
        var baseURLExample: String { "https://echo.example" }
        var pathAdvice: String { "the URL ends before it" }
        var answerMember: String { "said" }
        var answerForm: (name: String, hint: String) { ("the echo's API", "Set provider: echo.") }
        var batchFormat: any BatchLineFormat { OpenAIBatchFormat(name: name) }

        func path(to endpoint: RequestEndpoint) -> String? { endpoint == .chat ? "/echo" : nil }

        func headers(secret: String?) -> HTTPHeaders { [keyHeader: secret ?? ""] }

        func body(
            _ request: ChatRequest,
            model: String,
            parameters: JSON,
            isStreamed: Bool,
            structured: StructuredOutputMode,
            replaysOriginals: Bool
        ) throws(Failure) -> JSON {
            ["say": .string(request.messages.last?.content ?? ""), "as": .string(model)]
        }

        func streamAssembler() -> any StreamAssembler { OpenAIStreamAssembler() }

        func read(_ json: JSON, for request: ChatRequest, _ context: AnswerContext) throws(Failure) -> ChatAnswer {
            try context.measured(json, usage(json["usage"])) { () throws(Failure) in
                guard let said = json[answerMember]?.string else { throw UnexpectedAnswer.failure(json, self) }
                return ChatAnswer(text: said, usage: usage(json["usage"]), model: context.model, body: json)
            }
        }

        func usage(_ json: JSON?) -> Usage {
            var usage = Usage()
            (usage.modelCalls, usage.inputTokens, usage.outputTokens) = (1, json?.int ?? 0, json?.int ?? 0)
            return usage
        }

        func isAnswer(_ json: JSON) -> Bool { json[answerMember] != nil }
    }

    /// The answer of a model of ``EchoProvider`` at a server that sends `reply`, and the request that it got.
    private func ask(_ reply: String, _ request: ChatRequest) async throws -> (
        Result<ChatAnswer, any Error>, FakeProvider.Request?
    ) {
        let recorder = Recorder()
        let respond: FakeProvider.Respond = { request in
            recorder.add(request)
            return FakeProvider.Reply(reply)
        }
        let settings = try settings("{provider: openai, base_url: 'http://h/v1', model: m, api_key: {env: K}}")
        let http = HTTPClient(configuration: ModelConnections.configuration)
        let connections = ModelConnections(plain: http, environment: [:], directory: "/")
        let factory = ModelFactory(connections: connections, environment: ["K": "sk-1"], baseDirectory: "/")
        let result = try await FakeProvider.run(respond) { server in
            let source = HTTPSource(
                provider: EchoProvider(),
                server: try Endpoint(baseURL: server.rootURL),
                modelName: "parrot"
            )
            let model = try source.makeModel(settings, nil, factory)
            do {
                return Result<ChatAnswer, any Error>.success(try await model.complete(request))
            } catch {
                return .failure(error)
            }
        }
        try await connections.shutdown()
        try await http.shutdown()
        return (result, recorder.requests.first)
    }

    @Test("A provider that only implements the protocol is called in its own form")
    func whole() async throws {
        let (answer, seen) = try await ask(#"{"said":"Hello","usage":3}"#, request("Hello"))
        #expect(try answer.get().text == "Hello" && answer.get().usage.tokens == 6)
        #expect(seen?.path == "/echo")
        #expect(seen?.headers.first(name: "echo-key") == "sk-1")
        #expect(seen?.headers.first(name: "echo-once") == "01JD/classify")
        #expect(seen?.headers.first(name: "idempotency-key") == nil)
        #expect(seen?.body == ["say": "Hello", "as": "parrot"])
    }

    @Test("An answer in another provider's form, and an endpoint that a provider lacks, are named")
    func different() async throws {
        let (other, _) = try await ask(#"{"choices":[{}]}"#, request())
        #expect((other.error as? Failure)?.hint == OpenAIProvider().answerForm.hint)
        var line = request(body: ["input": "a"])
        line.endpoint = .embeddings
        let (missing, seen) = try await ask("{}", line)
        #expect((missing.error as? Failure)?.code == "url_mismatch" && seen == nil)
    }

    @Test("No two providers share a name, a member of their own or the form of an answer or of a batch line")
    func registry() throws {
        let names = Providers.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(Set(Providers.ownMembers).count == Providers.ownMembers.count)
        let answers: [JSON] = [
            ["choices": [["message": ["content": "a"]]]], ["type": "message", "content": [["text": "a"]]],
        ]
        let lines: [JSON] = [
            ["custom_id": "a", "body": ["messages": []]], ["custom_id": "a", "params": ["messages": []]],
        ]
        #expect(answers.count == Providers.http.count)
        for (place, provider) in Providers.http.enumerated() {
            #expect(answers.map(provider.isAnswer) == answers.indices.map { $0 == place })
            #expect(lines.map(provider.batchFormat.isWritten) == lines.indices.map { $0 == place })
            #expect(provider.batchFormat.name == provider.name)
        }
    }

    @Test("A provider that is missing or unknown is refused with the names of all")
    func names() {
        #expect(settingsError("{model: m}")?.contains("provider is missing: openai, anthropic or scripted") == true)
        let unknown = settingsError("{provider: gemini, model: m}")
        #expect(unknown?.contains("one of openai, anthropic, scripted was expected") == true)
    }
}
