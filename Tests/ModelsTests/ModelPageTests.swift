import Foundation
import Jobs
import Testing

@testable import Models

@Suite("The page on model servers")
struct ModelPageTests {
    private static let page: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/models.md")
        return (try? String(contentsOf: root.standardizedFileURL, encoding: .utf8)) ?? ""
    }()

    static let servers: [String] = page.split(separator: "\n### ").dropFirst().map(String.init)

    @Test("has a configuration that is read for each server", arguments: servers)
    func configuration(section: String) throws {
        let name = section.prefix { $0 != "\n" }
        let blocks = section.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(!blocks.isEmpty, "\(name) has no configuration")
        for block in blocks {
            for (model, members) in try reader(String(block)).objects("models") {
                #expect(throws: Never.self, "\(name)") { try ModelSettings(members, name: model) }
            }
        }
    }

    @Test("names every server that people ask for")
    func names() {
        let names = [
            "OpenAI", "Anthropic", "Azure", "OpenRouter", "Gemini", "Mistral", "DeepSeek", "Groq", "Ollama",
            "llama.cpp",
            "vLLM", "LM Studio", "LiteLLM",
        ]
        for name in names { #expect(Self.servers.contains { $0.hasPrefix(name) }, "\(name)") }
    }
}
