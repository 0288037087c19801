import AsyncHTTPClient
import Documents
import Engine
import Jobs
import Logging
import Models
import OrderedCollections
import TestKit
import Testing
import Tools

@testable import Daemon
@testable import Workflow

@Suite("Fallbacks in the configuration")
struct FallbackConfigurationTests {
    private func read(_ models: String, in directory: String = "/") throws(DocumentError) -> SpoolConfiguration {
        let document = try Document(Array("models:\n\(models)".utf8), format: .yaml, name: "agentspool.yaml")
        return try SpoolConfiguration(document, directory: directory)
    }

    @Test("A job's recorded definition holds its fallback models, and answers through them")
    func recorded() async throws {
        try await withTemporaryDirectory { directory in
            try write("- fail: {status: 503}\n", to: "\(directory)/down.yaml")
            try write("- reply: hi\n", to: "\(directory)/up.yaml")
            let configuration = try read(
                "  default: {provider: scripted, script: down.yaml, fallback: b}\n"
                    + "  b: {provider: scripted, script: up.yaml}\n  c: {provider: scripted, script: up.yaml}\n",
                in: directory
            )
            let definition = try #require(configuration.catalog.workflows["prompt"]).definition
            #expect(definition["models"]?["b"] != nil)
            #expect(definition["models"]?["c"] == nil)
            let library = WorkflowCache(
                http: .shared,
                environment: [:],
                directory: directory,
                clock: ContinuousClock(),
                servers: MCPServers(directory: directory, environment: [:], logger: Logger(label: "test"))
            )
            let workflow = try library.executable(definition, name: "prompt")
            let request = ChatRequest(messages: [ChatMessage(.user, "x")], idempotencyKey: "k", attempt: 1)
            let answer = try await workflow.models["default"]?.complete(request)
            #expect(answer?.text == "hi")
            #expect(answer?.fallback == "b")
        }
    }

    @Test("An unknown fallback is refused with its line")
    func unknown() {
        let error = #expect(throws: DocumentError.self) {
            try read("  default:\n    provider: scripted\n    script: s\n    fallback: x\n")
        }
        #expect(error.map { "\($0)" } == "agentspool.yaml:5: models.default.fallback: there is no model \"x\"")
    }
}
