import Glibc
import Jobs
import SystemPackage

@testable import Models

func reader(_ yaml: String) throws -> MemberReader {
    try MemberReader(Document(Array(yaml.utf8), format: .yaml, name: "agentspool.yaml"))
}

func settings(_ yaml: String, name: String = "default") throws -> ModelSettings {
    try ModelSettings(reader(yaml), name: name)
}

/// The text of the error that reading these settings gives, or nil when it gives none.
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

/// What `body` throws as a ``Failure``, or nil.
func failure(_ body: () async throws -> some Sendable) async -> Failure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? Failure
    }
}

/// Writes `text` to a file of its own for as long as `body` runs.
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
