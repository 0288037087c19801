import AsyncHTTPClient
import Documents
import Glibc
import Jobs
import SystemPackage
import Testing

@testable import Models

func reader(_ yaml: String) throws -> MemberReader {
    try MemberReader(Document(Array(yaml.utf8), format: .yaml, name: "agentspool.yaml"))
}

func settings(_ yaml: String, name: String = "default") throws -> ModelSettings {
    try ModelSettings(reader(yaml), name: name)
}

/// The text of the error from reading these settings, or nil.
func settingsError(_ yaml: String) -> String? {
    do {
        _ = try settings(yaml)
        return nil
    } catch {
        return "\(error)"
    }
}

func request(
    _ content: String = "Hello",
    system: String? = nil,
    tools: [ToolDescription] = [],
    schema: JSON? = nil,
    attempt: Int = 1,
    body: JSON? = nil
) -> ChatRequest {
    let first = system.map { [ChatMessage(.system, $0)] } ?? []
    return ChatRequest(
        messages: first + [ChatMessage(.user, content)],
        tools: tools,
        outputSchema: schema,
        idempotencyKey: "01JD/classify",
        attempt: attempt,
        body: body
    )
}

/// The ``Failure`` that `body` throws, or nil.
func failure(_ body: () async throws -> some Sendable) async -> Failure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? Failure ?? (error as? ClassifiedError)?.failure
    }
}

/// The pause that `body` throws, or nil.
func pause(_ body: () async throws -> some Sendable) async -> ModelPause? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? ModelPause
    }
}

/// Runs `body` with a model at `baseURL`, and shuts down its client afterwards.
func withModel<Value>(
    _ baseURL: String,
    _ more: String = "",
    api: API = .openAI,
    environment: [String: String] = [:],
    clock: any Clock<Duration> = ContinuousClock(),
    _ body: (ProviderModel) async throws -> Value
) async throws -> Value {
    let settings = try settings("provider: \(api.rawValue)\nbase_url: \(baseURL)\nmodel: qwen\n\(more)")
    let http = HTTPClient(configuration: ModelConnections.configuration)
    let connections = ModelConnections(plain: http, environment: environment, directory: "/")
    let result: Result<Value, any Error>
    do {
        let factory = ModelFactory(
            connections: connections,
            environment: environment,
            baseDirectory: "/",
            clock: clock
        )
        result = .success(try await body(#require(factory.make(settings) as? ProviderModel)))
    } catch {
        result = .failure(error)
    }
    // A client that is released without a shutdown ends the test process.
    try await connections.shutdown()
    try await http.shutdown()
    return try result.get()
}

/// Runs `body` with a model of `api` at a server that answers with `respond`.
func withModel<Value: Sendable>(
    _ respond: @escaping FakeProvider.Respond,
    _ more: String = "",
    api: API = .openAI,
    clock: any Clock<Duration> = ContinuousClock(),
    _ body: @Sendable (ProviderModel) async throws -> Value
) async throws -> Value {
    try await FakeProvider.run(respond) { provider in
        let url = api == .openAI ? provider.baseURL : provider.rootURL
        return try await withModel(url, more, api: api, clock: clock, body)
    }
}

/// Writes `text` to a temporary file that exists while `body` runs.
func withFile<Value>(_ text: String, _ body: (String) async throws -> Value) async throws -> Value {
    let name = "models-\(UInt64.random(in: 0 ... .max))"
    let path = FilePath("/tmp").appending(name).string
    let file = try FileDescriptor.open(
        FilePath(path),
        .writeOnly,
        options: [.create, .exclusiveCreate],
        permissions: .ownerReadWrite
    )
    try file.closeAfter { _ = try file.writeAll(text.utf8) }
    defer { unlink(path) }
    return try await body(path)
}

extension Result {
    var error: (any Error)? { if case .failure(let error) = self { error } else { nil } }
}
