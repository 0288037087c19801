import Documents
import Foundation
import Testing

@testable import Daemon

/// Holds docs/configuration.md against what the reader of the configuration allows.
///
/// Every object of a configuration is fed a member that is unknown; the error then names all that are known there.
@Suite("The page on the configuration")
struct ConfigurationReferenceTests {
    /// An object of the configuration, and the tables with its members.
    struct Place: CustomTestStringConvertible, Sendable {
        /// The headings of the tables.
        var headings: [String]
        /// A configuration in which `%` stands for the unknown member.
        var configuration: String

        init(_ headings: String..., configuration: String) {
            (self.headings, self.configuration) = (headings, configuration)
        }

        var testDescription: String { headings.joined(separator: " + ") }
    }

    private static let openAI = "provider: openai, base_url: 'http://127.0.0.1', model: m"

    private static func workflow(_ members: String) -> String {
        "{models: {default: {provider: scripted, script: s}}, workflows: {w: {\(members)}}}"
    }

    private static func step(_ members: String) -> String { workflow("steps: [{id: a, \(members)}]") }

    private static func queue(_ members: String) -> String {
        "{models: {default: {provider: scripted, script: s}}, queues: {default: {\(members)}}}"
    }

    private static func api(_ members: String) -> String {
        "{models: {default: {provider: scripted, script: s}}, api: {\(members)}}"
    }

    static let places = [
        Place("The file", configuration: "{%}"),
        Place("Models", configuration: "{models: {m: {%}}}"),
        Place("A model's price", configuration: "{models: {m: {\(openAI), price: {%}}}}"),
        Place("A model's limits", configuration: "{models: {m: {\(openAI), limits: {%}}}}"),
        Place("A model's context", configuration: "{models: {m: {\(openAI), context: {%}}}}"),
        Place("Place of a key", configuration: "{models: {m: {\(openAI), api_key: {%}}}}"),
        Place("Tools", configuration: "{tools: {t: {%}}}"),
        Place("A tool's approval", configuration: "{tools: {t: {command: [a], approval: {%}}}}"),
        Place("MCP servers", configuration: "{mcp_servers: {s: {%}}}"),
        Place("A server's tool", configuration: "{mcp_servers: {s: {command: [a], tools: {t: {%}}}}}"),
        Place("Workflows", configuration: workflow("%")),
        Place("Limits of a job", configuration: workflow("limits: {%}")),
        Place("Retries", configuration: workflow("retry: {%}")),
        Place("Retries", configuration: step("prompt: a, retry: {%}")),
        Place("Steps", "A question to a model", configuration: step("prompt: a, %")),
        Place("Steps", "A call of a tool", configuration: step("tool: t, %")),
        Place("Steps", "An agent", configuration: step("agent: {}, %")),
        Place("An agent's members", configuration: step("agent: {%}")),
        Place("Steps", "A question to a person", configuration: step("approval: a, %")),
        Place("An approval's members", configuration: step("approval: {%}")),
        Place("Steps", "Steps for each element", configuration: step("for_each: input.items, %")),
        Place("Queues", configuration: queue("%")),
        Place("Submitters", configuration: queue("submitters: {%}")),
        Place("Delivery", configuration: queue("deliver: {%}")),
        Place("Hooks", configuration: queue("on: {%}")),
        Place("A hook's members", configuration: queue("on: {held: [{%}]}")),
        Place("Daily limits", configuration: queue("daily_limits: {%}")),
        Place("Workers", configuration: "{workers: {%}}"),
        Place("API", configuration: api("%")),
        Place("API: TLS", configuration: api("tls: {%}")),
        Place("API: tokens", configuration: api("tokens: {%}")),
        Place("API: roles", configuration: api("operators: {%}")),
        Place("Redact", configuration: "{models: {default: {provider: scripted, script: s}}, redact: [{%}]}"),
    ]

    /// The members that the page's tables have, by the heading above each table.
    private static let tables: [String: [String]] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
        let page = root.appending(path: "../../docs/configuration.md").standardizedFileURL
        var tables: [String: [String]] = [:]
        var heading = ""
        for line in ((try? String(contentsOf: page, encoding: .utf8)) ?? "").split(separator: "\n") {
            if line.hasPrefix("##") { heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces) }
            guard let row = line.wholeMatch(of: /\| `(\w+)` \| [^|]+ \| [^|]* ?\| [^|]+ \|/) else { continue }
            tables[heading, default: []].append(String(row.output.1))
        }
        return tables
    }()

    /// The members that the reader knows at a place, by its error about an unknown one.
    private static func knownMembers(_ configuration: String) throws -> [String] {
        let text = configuration.replacing("%", with: "a_member_that_is_unknown: 1")
        do throws(DocumentError) {
            _ = try SpoolConfiguration(
                Document(Array(text.utf8), format: .yaml, name: "agentspool.yaml"),
                directory: "/etc/agentspool"
            )
        } catch {
            #expect(error.path.last == "a_member_that_is_unknown", "\(error)")
            let known = try #require(error.reason.split(separator: "known here: ").last)
            return known.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        Issue.record("the unknown member was taken: \(text)")
        return []
    }

    @Test("The page has a row for each member that the reader knows, and for no other", arguments: places)
    func rows(place: Place) throws {
        let rows = place.headings.flatMap { Self.tables[$0] ?? [] }
        #expect(try rows.sorted() == Self.knownMembers(place.configuration).sorted())
    }

    @Test("Each of the page's tables belongs to an object of the configuration")
    func tables() {
        #expect(Set(Self.tables.keys) == Set(Self.places.flatMap(\.headings)))
    }
}
