import AsyncHTTPClient
import Testing

@testable import Models

@Suite("Making models from settings")
struct ModelFactoryTests {
    @Test("A relative path of a script starts from the configuration's directory")
    func scripted() async throws {
        try await withFile("- reply: Hi") { path in
            let name = String(path.dropFirst("/tmp/".count))
            let settings = try settings("{provider: scripted, script: \(name)}", name: "small")
            let connections = ModelConnections(plain: .shared, environment: [:], directory: "/tmp")
            let factory = ModelFactory(connections: connections, environment: [:], baseDirectory: "/tmp")
            let model = try factory.make(settings)
            #expect(model.name == "small")
            #expect(try await model.complete(request()).text == "Hi")
        }
    }
}
