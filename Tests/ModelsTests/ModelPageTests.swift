import Documents
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

    @Test("Each server on the page has a configuration that can be read", arguments: servers)
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

    @Test("The page names every common server")
    func names() {
        let names = [
            "OpenAI", "Anthropic", "Azure", "OpenRouter", "Gemini", "Mistral", "DeepSeek", "Groq", "Ollama",
            "llama.cpp",
            "vLLM", "LM Studio", "LiteLLM",
        ]
        for name in names { #expect(Self.servers.contains { $0.hasPrefix(name) }, "\(name)") }
    }
}
