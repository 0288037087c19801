import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "A command without a spool exits with 66 and says in a sentence how to make one",
        arguments: [
            ["status"], ["list"], ["show", "x"], ["history", "x"], ["result", "x"], ["submit", "--input", "a=b"],
            ["verify"], ["reindex"], ["retry", "x"], ["cancel", "x"],
        ]
    )
    func noSpool(arguments: [String]) throws {
        let result = try Program.run(arguments: arguments, environment: ["AGENTSPOOL_SPOOL": "/nonexistent/spool"])
        #expect(result.status == 66)
        #expect(result.output == "")
        #expect(
            result.error == """
                agentspool: opening the spool /nonexistent/spool failed: No such file or directory. \
                Make one with: agentspool init /nonexistent/spool

                """
        )
    }

    @Test("submit prints the id that the job keeps, and --wait its output")
    func submit() async throws {
        let spool = try TestSpool()
        let id = try spool.agentspool("submit", "-", input: "a haiku, please").lines.first
        try await spool.startDaemon()
        try await spool.untilSettled(1)
        #expect(try spool.jobs().map(\.location.job.id.text) == [id])
        let waited = try spool.agentspool("submit", "--input", "prompt=a haiku", "--wait")
        #expect(waited.status == 0)
        #expect(waited.output.hasPrefix("Two names, one moment"))
        let rejected = try spool.agentspool("submit", "--workflow", "nosuch", "--wait")
        #expect(rejected.status == 65)
        #expect(rejected.error.contains("there is no workflow \"nosuch\"; there are: prompt"))
    }

    @Test("a second drop with the same idempotency key does not run, and names the first job")
    func idempotencyKey() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        let first = try spool.agentspool("submit", "--input", "prompt=a haiku", "--key", "k1", "--wait", "--json")
        let id = try #require(try JSONParser.parse(first.output)["job"]?.string)
        let second = try spool.agentspool("submit", "--input", "prompt=a haiku", "--key", "k1", "--wait")
        #expect(second.status == 0 && second.output.hasPrefix("Two names, one moment"))
        #expect(second.error.contains("the key k1 is that of job \(id)"))
        #expect(try spool.agentspool("submit", "--input", "prompt=a haiku", "--key", "k1").output == "\(id)\n")
        let other = try spool.agentspool("submit", "--input", "prompt=a poem", "--key", "k1")
        #expect(other.status == 65 && other.error.contains("the key k1 was used by job \(id) for another input"))
        #expect(try spool.places() == ["done": 1])
    }

    @Test("submit without a daemon keeps the job in the inbox, and --wait says that no daemon is running")
    func noDaemon() throws {
        let spool = try TestSpool()
        let result = try spool.agentspool("submit", "--input", "prompt=a haiku", "--wait")
        #expect(result.status == 69)
        #expect(result.error.contains("no daemon is running"))
        let rows = try spool.agentspool("list", "--state", "waiting", "--json")
        #expect(rows.lines.count == 1)
        #expect(rows.output.contains(#""state":"waiting""#))
    }

    @Test("cancel and retry move a deferred job, and are recorded with user and reason")
    func cancelAndRetry() async throws {
        let spool = try TestSpool()
        try await spool.startDaemon()
        try spool.drop(#"{"run_after": "7d", "input": {"prompt": "a haiku"}}"#, as: "later.json")
        try await spool.until("it is deferred") { try spool.places() == ["deferred": 1] }
        let cancelled = try spool.agentspool("cancel", "later.json", "--reason", "no longer needed")
        #expect(cancelled.status == 0, "\(cancelled.error)")
        try await spool.until("it is in failed") { try spool.places() == ["failed": 1] }
        let result = try spool.agentspool("result", "later.json")
        #expect(result.status == 1)
        #expect(result.error.contains("cancelled by \(NSUserName()): no longer needed"))
        #expect(try spool.agentspool("cancel", "later.json").status == 65)
        let retried = try spool.agentspool("retry", "later.json")
        #expect(retried.status == 0, "\(retried.error)")
        try await spool.until("it is done") { try spool.places() == ["done": 1] }
        #expect(try spool.agentspool("result", "later.json").output.hasPrefix("Two names"))
    }

    @Test("verify finds a changed history, a changed drop and a missing result, and repairs what can be made again")
    func verify() throws {
        let spool = try TestSpool()
        for name in ["a.txt", "b.txt", "c.txt"] { try spool.drop("a haiku", as: name) }
        #expect(try spool.agentspool("run", "--drain", "--node", "test").status == 0)
        #expect(try spool.agentspool("verify").status == 0)
        let jobs = try spool.jobs().sorted { $0.location.job.drop < $1.location.job.drop }
        let history = spool.read("\(jobs[0].location.path)/history.jsonl")
        try spool.write(
            history.replacingOccurrences(of: "Two names", with: "Ten names"),
            to: "\(jobs[0].location.path)/history.jsonl"
        )
        try spool.write("another text", to: "\(jobs[1].location.path)/job.txt")
        try FileManager.default.removeItem(atPath: "\(spool.path)/\(jobs[2].location.path)/result.json")
        let found = try spool.agentspool("verify", "--json")
        #expect(found.status == 1)
        let kinds = try found.lines.map { try JSONParser.parse($0)["kind"]?.string }
        #expect(Set(kinds).isSuperset(of: ["history", "drop", "result"]))
        let repaired = try spool.agentspool("verify", "--repair", "--json")
        #expect(try repaired.lines.map { try JSONParser.parse($0)["kind"]?.string }.contains("result") == false)
        #expect(spool.read("\(jobs[2].location.path)/result.json").contains("\"completed\""))
    }

    @Test("check of a wrong configuration names file, line, member and reason")
    func check() throws {
        let spool = try TestSpool()
        #expect(try spool.agentspool("check").status == 0)
        try spool.write("queues:\n  default:\n    workflow: promt\n", to: "agentspool.yaml")
        let result = try spool.agentspool("check")
        #expect(result.status == 78)
        #expect(
            result.error.contains("agentspool.yaml:3: queues.default.workflow: there is no workflow \"promt\"")
        )
        let run = try spool.agentspool("run")
        #expect(run.status == 78)
    }

    @Test("the spool that the project ships is what init makes")
    func shippedSpool() throws {
        let spool = try TestSpool()
        for name in ["agentspool.yaml", "scripted-model.yaml", "README.txt"] {
            let shipped = try String(contentsOfFile: "\(Program.checkout)/spool/\(name)", encoding: .utf8)
            #expect(spool.read(name) == shipped)
        }
    }
}
