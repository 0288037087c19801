import Documents
import Foundation
import Jobs
import Testing

@Suite("submit --key")
struct KeyTests {
    private static let configuration = """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        workflows: {echo: {steps: [{id: say, prompt: "{{input.text}}"}], output: "{{input.text}}"}}
        queues: {default: {workflow: echo}}
        """

    @Test("submit --key gives the first job's id and outcome for the same input, and refuses another input")
    func same() async throws {
        let spool = try TestSpool(configuration: Self.configuration)
        let waiting = try spool.agentspool("submit", "--key", "k", "--input", "text=hello")
        let again = try spool.agentspool("submit", "--key", "k", "--input", "text=hello")
        #expect(again.status == 0 && again.output == waiting.output && again.error.contains("nothing new runs"))
        #expect(try spool.agentspool("submit", "--key", "k", "--input", "text=other").status == 65)
        try await spool.startDaemon()
        let id = waiting.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let waited = try spool.agentspool("submit", "--key", "k", "--input", "text=hello", "--wait")
        #expect(waited.status == 0 && waited.output == "hello\n" && waited.error.contains(id))
        let piped = try spool.agentspool("submit", "-", input: "input: {text: hello}\nidempotency_key: k\n")
        #expect(piped.output == waiting.output)
        let other = try spool.agentspool("submit", "--key", "k", "--input", "text=other")
        #expect(other.status == 65 && other.error.contains("the key k was used by job \(id) for another input"))
        #expect(try spool.places() == ["done": 1])
    }

    @Test("A dropped document with a used key is a duplicate that show finds, and one with another input is rejected")
    func dropped() async throws {
        let spool = try TestSpool(configuration: Self.configuration)
        let first = try spool.agentspool("submit", "--key", "k", "--input", "text=hello")
        // Drops that wait together are accepted in no fixed order: it is not promised which of them gets the key.
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        try spool.drop(#"{"idempotency_key":"k","input":{"text":"hello"}}"#, as: "same.json")
        try spool.drop(#"{"idempotency_key":"k","input":{"text":"other"}}"#, as: "other.json")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        let id = first.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let duplicate = try spool.agentspool("show", "same.json", "--json")
        let row = try JSONParser.parse(duplicate.output)
        #expect(duplicate.status == 0 && row["state"] == "duplicate" && row["duplicate_of"]?.string == id)
        #expect(try spool.agentspool("list", "--state", "duplicate", "--json").lines.count == 1)
        for command in ["show", "result", "history", "retry"] {
            let refused = try spool.agentspool(command, "other.json")
            #expect(refused.status == 65, "\(command)")
            #expect((refused.output + refused.error).contains("the key k was used by job \(id) for another input"))
        }
    }
}
