import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

@Suite("show")
struct ShowTests {
    private static let configuration = """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        tools:
          find: {command: [tools/find], effect: read}
          mail: {command: [tools/mail], effect: write}
          slow: {command: [tools/slow], effect: read, timeout: 10m}
          busy: {command: [tools/busy], effect: read}
        workflows:
          good: {steps: [{id: find, tool: find, arguments: {order: "{{input.order}}", token: abc}}]}
          bad: {steps: [{id: find, tool: find, arguments: {order: 1}}, {id: mail, tool: mail, arguments: {to: a}}]}
          dies: {steps: [{id: mail, tool: mail, arguments: {to: die}}]}
          slow: {steps: [{id: wait, tool: slow, arguments: {n: 1}}]}
          later: {retry: {attempts: 2, initial: 8000h, max: 8000h}, steps: [{id: ask, tool: busy, arguments: {}}]}
        queues: {default: {workflow: good}}
        """

    private static let files = [
        "tools/find": "#!/bin/sh\necho '{\"found\": true}'\n",
        "tools/mail": "#!/bin/sh\ngrep -q die && kill -9 $$\necho 'no such address' >&2\nexit 1\n",
        "tools/slow": "#!/bin/sh\nexec sleep 600\n",
        "tools/busy": "#!/bin/sh\nexit 75\n",
    ]

    private func show(_ spool: TestSpool, _ job: String) throws -> (text: String, json: JSON) {
        let text = try spool.agentspool("show", job)
        #expect(text.status == 0, "\(text.error)")
        return (text.output, try JSONParser.parse(try spool.agentspool("show", job, "--json").output))
    }

    @Test("show says what was called, what failed, where the result is and whether the job may be retried")
    func answers() throws {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        try spool.drop(#"{"input": {"order": 4711}}"#, as: "good.json")
        try spool.drop(#"{"workflow": "bad"}"#, as: "bad.json")
        try spool.drop(#"{"workflow": "dies"}"#, as: "dies.json")
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)

        let good = try show(spool, "good.json")
        #expect(good.json["calls"]?.array?.count == 1)
        let call = try #require(good.json["calls"]?.array?.first)
        #expect(call["step"] == "find" && call["tool"] == "find" && call["effect"] == "read")
        #expect(call["arguments"]?.string == #"{"order":4711,"token":"[redacted]"}"#)
        #expect(call["status"] == "completed" && call["attempts"] == 1 && call["output"]?.string == #"{"found":true}"#)
        #expect(good.json["failed_step"] == .null && good.json["retry"]?["safe"] == false)
        #expect(good.json["result"]?["outcome"] == "completed" && good.json["result"]?["output"] == nil)
        let saved = try #require(good.json["result_saved"]?.string)
        #expect(FileManager.default.fileExists(atPath: saved))
        #expect(good.text.contains("saved: \(saved)") && good.text.contains("0 model calls, 1 tool calls"))

        let bad = try show(spool, "bad.json")
        #expect(bad.json["failed_step"]?["step"] == "mail" && bad.json["failed_step"]?["class"] == "permanent")
        #expect(bad.json["failed_step"]?["message"]?.string?.contains("no such address") == true)
        #expect(bad.json["retry"]?["safe"] == true)
        #expect(bad.json["doing"] == ["running": [], "waits_for": .null])
        #expect(bad.text.contains("mail, attempt 1: permanent: mail exited with 1: no such address"))
        #expect(bad.text.contains("safe: finished steps stay finished"))

        let dies = try show(spool, "dies.json")
        #expect(dies.json["retry"]?["safe"] == false)
        #expect(dies.json["retry"]?["reason"]?.string?.contains("whether mail happened in step mail") == true)
        #expect(dies.json["calls"]?.array?.first?["status"] == "unknown")
        #expect(dies.json["doing"]?["waits_for"]?.string?.hasPrefix("a person to decide: ") == true)
        #expect(dies.json["result_saved"] == .null && dies.text.contains("not yet"))
    }

    @Test("show says what a job does now, and that it waits for a daemon after the daemon has died")
    func now() async throws {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        try spool.drop(#"{"workflow": "slow"}"#, as: "slow.json")
        try await spool.startDaemon()
        try await spool.until("the tool runs") {
            try show(spool, "slow.json").json["doing"]?["running"]?.array?.isEmpty == false
        }
        let running = try show(spool, "slow.json")
        let step = try #require(running.json["doing"]?["running"]?.array?.first)
        #expect(step["step"] == "wait" && step["tool"] == "slow" && step["attempt"] == 1)
        #expect(step["since"]?.string != nil && step["arguments"]?.string == #"{"n":1}"#)
        #expect(running.text.contains("wait: tool slow, for "))
        #expect(running.json["retry"]?["reason"] == "it is running")
        spool.killDaemon()
        let left = try show(spool, "slow.json")
        #expect(left.json["doing"]?["running"] == [])
        #expect(left.json["doing"]?["waits_for"]?.string?.hasPrefix("a daemon: ") == true)
        #expect(left.json["calls"]?.array?.first?["status"] == "unknown")
    }

    @Test("show finds a job by its whole id wherever it lies, with and without an index")
    func findsByID() throws {
        let spool = try TestSpool(configuration: Self.configuration, files: Self.files)
        for workflow in ["good", "bad", "dies", "later"] {
            try spool.drop(#"{"workflow": "\#(workflow)", "input": {"order": 1}}"#, as: "\(workflow).json")
        }
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        let places = try spool.places()
        #expect(places == ["done": 1, "failed": 1, "held": 1, "deferred": 1])
        for _ in 0..<2 {
            for (location, _, _) in try spool.jobs() {
                let found = try show(spool, location.job.id.text.lowercased())
                #expect(found.json["path"]?.string == "\(spool.path)/\(location.path)")
                #expect(found.json["name"]?.string == location.job.drop)
            }
            try? FileManager.default.removeItem(atPath: "\(spool.path)/index.sqlite")
        }
        #expect(try spool.agentspool("show", "01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 66)
    }
}
