import Documents
import Foundation
import Jobs
import Testing

@Suite("Untrusted text")
struct UntrustedTextTests {
    private static let configuration = """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        tools: {bad: {command: [tools/bad], effect: read}}
        workflows: {bad: {steps: [{id: bad, tool: bad}]}}
        queues: {default: {workflow: bad}}
        """

    /// Sets a terminal's title, clears its screen, and writes an eight-bit control character.
    private static let files = ["tools/bad": "#!/bin/sh\nprintf '\\033]0;x\\007\\033[2J\\302\\233 bad' >&2\nexit 69\n"]

    private func controls(in text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { $0 != "\n" && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value)) }
    }

    @Test("Untrusted text reaches a terminal without control characters, and breaks no JSON")
    func harmless() throws {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        try spool.drop("{}", as: "tool.json")
        try spool.drop(#"{"workflow": "\u001b[2J\u009b"}"#, as: "drop\u{1B}[2J\u{9B}.json")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        for command in [
            ["show", "tool.json"], ["show", "tool.json", "--json"], ["result", "tool.json"], ["history", "tool.json"],
            ["result", "tool.json", "--json"], ["list"], ["list", "--json"], ["status"], ["verify"],
            ["show", "\u{1B}[2J"],
        ] {
            let run = try Program.run(arguments: command, environment: ["AGENTSPOOL_SPOOL": spool.path])
            #expect(controls(in: run.output) == [] && controls(in: run.error) == [], "\(command)")
        }
        let rows = try spool.agentspool("list", "--json").output.split(separator: "\n")
        let reasons = try rows.map { try JSONParser.parse(Array($0.utf8))["reason"]?.string ?? "" }
        #expect(reasons.contains { $0.contains("\u{9B}") }, "JSON says all of it")
    }
}
