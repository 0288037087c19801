import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// `examples/batch`, and files in the formats of OpenAI's and Anthropic's batches.
@Suite("A batch file")
struct BatchExampleTests {
    private func example(_ name: String) throws -> String {
        let file = URL(fileURLWithPath: Program.checkout).appendingPathComponent("examples/batch/\(name)")
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    private func run(_ requests: String) throws -> (spool: TestSpool, job: String) {
        let script = try example("scripted-model.yaml")
        let spool = try TestSpool(
            configuration: try example("agentspool.yaml"),
            files: ["scripted-model.yaml": script]
        )
        try spool.drop(requests, as: "requests.jsonl")
        let result = try spool.agentspool("run", "--node", "test", "--drain")
        try #require(result.status == 0, "\(result.error)")
        return (spool, try #require(try spool.jobs().first).location.path)
    }

    private func lines(_ spool: TestSpool, _ path: String) throws -> [JSON] {
        try spool.read(path).split(separator: "\n").map { try JSONParser.parse(String($0)) }
    }

    private func expectMembers(_ value: JSON?, _ names: [String], _ comment: Comment) {
        #expect(value?.object.map { Array($0.keys) } == names, comment)
    }

    @Test("The example batch gives each answer in OpenAI's format, and the bad line in the error file")
    func example() throws {
        let (spool, job) = try run(try example("requests.jsonl"))
        let output = try lines(spool, "\(job)/output.jsonl")
        #expect(output.map { $0["custom_id"]?.string } == (1...20).filter { $0 != 13 }.map { "request-\($0)" })
        for line in output {
            let comment = Comment("\(line.text)")
            expectMembers(line, ["id", "custom_id", "response", "error"], comment)
            #expect(line["id"]?.string?.hasPrefix("batch_req_") == true, comment)
            expectMembers(line["response"], ["status_code", "request_id", "body"], comment)
            #expect(line["response"]?["status_code"] == 200 && line["error"] == .null, comment)
            #expect(line["response"]?["request_id"]?.string != nil, comment)
            let body = line["response"]?["body"]
            #expect(body?["object"] == "chat.completion" && body?["choices"]?.array?.count == 1, comment)
            #expect(body?["choices"]?.array?[0]["message"]?["content"]?.string?.isEmpty == false, comment)
        }
        let errors = try lines(spool, "\(job)/errors.jsonl")
        #expect(errors.count == 1)
        expectMembers(errors.first, ["id", "custom_id", "response", "error"], "an error line")
        #expect(errors.first?["response"] == .null && errors.first?["error"]?["code"] == "invalid_json_line")
        expectMembers(errors.first?["error"], ["code", "message"], "an error")

        let shown = try JSONParser.parse(try spool.agentspool("show", "requests.jsonl", "--json").output)
        #expect(shown["request_counts"] == ["total": 20, "completed": 19, "failed": 1])
        let result = try JSONParser.parse(spool.read("\(job)/result.json"))
        #expect(result["output"]?["request_counts"] == shown["request_counts"])
        #expect(shown["result"]?["steps"]?.array?.count == 20)
        let text = try spool.agentspool("show", "requests.jsonl").output
        #expect(text.contains("Batch     20 of 20 lines done, 1 failed, 0 running\n"), "\(text)")
        let verified = try spool.agentspool("verify")
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test("A failed batch line keeps the provider's own error, in OpenAI's and in Anthropic's format")
    func providerError() throws {
        let messages = "\"messages\":[{\"role\":\"user\",\"content\":\"refuse this\"}]"
        let (spool, job) = try run(
            "{\"custom_id\":\"a\",\"body\":{\(messages)}}\n{\"custom_id\":\"b\",\"params\":{\(messages)}}\n"
        )
        let errors = try lines(spool, "\(job)/errors.jsonl")
        try #require(errors.count == 2)
        #expect(errors[0]["error"] == .null)
        #expect(errors[0]["response"]?["status_code"] == 400)
        #expect(errors[0]["response"]?["body"]?["error"]?["type"] == "scripted")
        expectMembers(errors[1]["result"], ["type", "error"], "a result")
        let error = errors[1]["result"]?["error"]
        expectMembers(error, ["type", "error", "request_id"], "an error")
        #expect(errors[1]["result"]?["type"] == "errored" && error?["type"] == "error")
        #expect(error?["error"]?["type"] == "invalid_request_error" && error?["error"]?["message"]?.string != nil)
        #expect(spool.read("\(job)/output.jsonl") == "")
    }

    @Test("A batch shows its progress while it runs, and after kill -9 goes on without running a finished line again")
    func killed() async throws {
        let spool = try TestSpool(
            configuration: try example("agentspool.yaml"),
            // The last four hundred lines wait for the kill.
            files: ["scripted-model.yaml": "- {when: '^1[6-9][0-9][0-9]$', delay: 1h, reply: never}\n- reply: a word"]
        )
        let count = 2_000
        let lines = (0..<count).map { index in
            "{\"custom_id\":\"\(index)\",\"body\":{\"messages\":[{\"role\":\"user\",\"content\":\"\(index)\"}]}}\n"
        }
        try spool.drop(lines.joined(), as: "big.jsonl")
        try await spool.startDaemon()
        // More than one part of the history that is read at a time (HistoryFold).
        try await spool.until("all lines that can be done are") {
            let entries = try spool.jobs().first?.replay.steps.entries.values
            let running = entries?.count { $0.status == .running } ?? 0
            return running == 8 && entries?.count { $0.status == .completed } == 1_600
        }
        let shown = try spool.agentspool("show", "big.jsonl").output
        #expect(shown.contains("Batch     1,600 of 2,000 lines done, 0 failed, 8 running\n"), "\(shown.prefix(2_000))")
        spool.killDaemon()
        let done = try #require(try spool.jobs().first).replay.steps.entries.values.count { $0.status == .completed }
        try spool.write("- reply: another word", to: "scripted-model.yaml")
        try await spool.startDaemon()
        try await spool.untilSettled(1)
        #expect(try spool.stopDaemon() == 0)
        let job = try #require(try spool.jobs().first)
        let output = try self.lines(spool, "\(job.location.path)/output.jsonl")
        #expect(output.map { $0["custom_id"]?.string } == (0..<count).map { "\($0)" })
        let words = output.map { $0["response"]?["body"]?["choices"]?.array?[0]["message"]?["content"]?.string }
        #expect(words.count { $0 == "a word" } == done && words.count { $0 == "another word" } == count - done)
        let verified = try spool.agentspool("verify")
        #expect(verified.status == 0, "\(verified.output)")
    }
}
