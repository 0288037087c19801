import Documents
import Foundation
import Testing

@Suite("Limits that a release raises")
struct LimitTests {
    @Test("The limits of --limit are in the request, and one that cannot be read is refused before anything is done")
    func limits() throws {
        let spool = try TestSpool(
            configuration: """
                models: {default: {provider: scripted, script: scripted-model.yaml}}
                workflows: {dear: {limits: {tokens: 1}, steps: [{id: ask, prompt: haiku}]}}
                queues: {default: {workflow: dear}}
                """
        )
        let job = try spool.agentspool("submit", "--input", "text=hi").output.trimmingCharacters(in: .newlines)
        try spool.agentspool("run", "--drain", "--node", "test")
        let wrong = try spool.agentspool("release", job, "--limit", "tokens=many")
        #expect(wrong.status == 64 && wrong.error.contains("Usage: agentspool release"))
        let control = "\(spool.path)/control"
        #expect(try FileManager.default.contentsOfDirectory(atPath: control).isEmpty)
        #expect(try spool.agentspool("release", job, "--limit", "tokens=5000", "--limit", "duration=1h").status == 69)
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: control).first)
        let request = try JSONParser.parse(Array(spool.read("control/\(name)").utf8))
        #expect(request["limits"] == ["tokens": 5_000, "duration": "1h"])
    }
}
