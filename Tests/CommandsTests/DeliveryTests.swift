import Documents
import Foundation
import Jobs
import Spool
import Testing

/// Delivery and hooks, through the real program.
@Suite struct DeliveryTests {
    private static func configuration(_ deliver: String, _ on: String = "{}") -> String {
        """
        tools: {print: {command: [tools/print], effect: read}}
        workflows:
          good: {steps: [{id: say, tool: print, arguments: {}}]}
          asked: {steps: [{id: yes, approval: {message: Go on?}}]}
        queues: {default: {workflow: good, deliver: \(deliver), on: \(on)}}
        """
    }

    private static let quick = "retry: {attempts: 2, initial: 1ms}"
    private static let print = "#!/bin/sh\ncat > /dev/null\necho '{\"total\": 3}'\n"
    private static let fail = "#!/bin/sh\necho 'no paper' >&2\nexit 1\n"
    private static let note = """
        #!/bin/sh
        { echo "$AGENTSPOOL_OUTCOME $AGENTSPOOL_NAME $AGENTSPOOL_IDEMPOTENCY_KEY $AGENTSPOOL_DELIVERED"; cat; } \
        >> told.txt
        """

    private static func spool(_ deliver: String, _ on: String = "{}", tool: String = print) throws -> TestSpool {
        try TestSpool(
            configuration: configuration(deliver, on),
            files: ["tools/print": tool, "hooks/note": note, "hooks/fail": fail]
        )
    }

    private func outbox(_ spool: TestSpool, _ name: String = "outbox") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(spool.path)/\(name)")) ?? []).sorted()
    }

    private func types(_ spool: TestSpool) throws -> [String] {
        try spool.jobs().flatMap { $0.history.records.map(\.event.type) }
    }

    private func marks(_ spool: TestSpool) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(spool.path)/deliveries").filter { $0.contains("-") }
    }

    @Test func `a result and a hook's input are there after a drain, and no mark is left`() throws {
        let spool = try Self.spool("{directory: outbox/scans, mode: \"0640\"}", "{completed: [hooks/note]}")
        try spool.drop("text", as: "a.txt")
        let run = try spool.agentspool("run", "--drain")
        #expect(run.status == 0, "\(run.error)")
        #expect(outbox(spool, "outbox/scans") == ["a.txt.json"])
        #expect(spool.read("outbox/scans/a.txt.json") == "{\n  \"total\": 3\n}\n")
        let file = "\(spool.path)/outbox/scans/a.txt.json"
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o640)
        let told = spool.read("told.txt")
        #expect(told.hasPrefix("completed a.txt ") && told.contains("\"outcome\":\"completed\""), "\(told)")
        #expect(told.contains("outbox/scans/a.txt.json"), "\(told)")
        #expect(try types(spool).suffix(3) == ["completed", "delivered", "hook.completed"])
        #expect(try marks(spool) == [])
        #expect(try spool.agentspool("verify").status == 0)
        let row = try spool.agentspool("list", "--json")
        #expect(row.output.contains("\"delivery\":\"delivered\""), "\(row.output)")
    }

    @Test func `a name that is taken gets the job's id before it, and the file that has it stays`() throws {
        let spool = try Self.spool("{directory: outbox}")
        try spool.write("mine", to: "outbox/a.txt.json")
        try spool.drop("text", as: "a.txt")
        try spool.agentspool("run", "--drain")
        let id = try #require(try spool.jobs().first).location.job.id.text
        #expect(outbox(spool) == ["\(id)-a.txt.json", "a.txt.json"])
        #expect(spool.read("outbox/a.txt.json") == "mine")
        try spool.agentspool("deliver", id)
        try spool.agentspool("run", "--drain")
        #expect(outbox(spool) == ["\(id)-2-a.txt.json", "\(id)-a.txt.json", "a.txt.json"])
    }

    @Test func `a failed job delivers its error, and its hook is told of the outcome`() throws {
        let spool = try Self.spool("{directory: outbox}", "{failed: [[hooks/note, -v]]}", tool: Self.fail)
        try spool.drop("text", as: "a.txt")
        try spool.agentspool("run", "--drain")
        #expect(outbox(spool) == ["a.txt.error.txt"])
        #expect(spool.read("outbox/a.txt.error.txt").contains("no paper"))
        #expect(spool.read("told.txt").hasPrefix("failed a.txt "))
    }

    @Test func `a delivery that is given up changes no outcome, shows in status, and can be asked for again`()
        async throws
    {
        let spool = try Self.spool("{directory: /nowhere/at/all, \(Self.quick)}")
        try spool.drop("text", as: "a.txt")
        try await spool.startDaemon()
        try await spool.until("it is given up") { try types(spool).filter { $0 == "delivery.failed" }.count == 2 }
        let id = try #require(try spool.jobs().first).location.job.id.text
        #expect(try spool.places() == ["done": 1])
        try await spool.until("status shows it") {
            try spool.agentspool("status").output.contains("UNDELIVERED")
        }
        let status = try spool.agentspool("status").output
        #expect(status.contains("/nowhere/at/all") && status.contains("given up"), "\(status)")
        let asked = try spool.agentspool("deliver", id)
        #expect(asked.status == 0, "\(asked.error)")
        try await spool.until("it is tried again") { try types(spool).filter { $0 == "delivery.failed" }.count == 4 }
        try spool.stopDaemon()
        #expect(try spool.agentspool("verify").status == 0)
    }

    @Test func `a failing hook is tried again, and a job that is held tells its question`() async throws {
        let spool = try Self.spool(
            "{directory: outbox}",
            "{held: [hooks/note], completed: [{command: [hooks/fail], \(Self.quick)}]}"
        )
        try spool.drop("workflow: asked", as: "b.yaml")
        try await spool.startDaemon()
        try await spool.until("the question is told") { try types(spool).contains("hook.completed") }
        #expect(spool.read("told.txt").contains("Go on?"))
        #expect(outbox(spool) == [])
        let id = try #require(try spool.jobs().first).location.job.id.text
        let approved = try spool.agentspool("approve", id)
        #expect(approved.status == 0, "\(approved.error)")
        try await spool.until("the hook is given up") { try types(spool).filter { $0 == "hook.failed" }.count == 2 }
        try await spool.until("the result is there") { outbox(spool) == ["b.yaml.json"] }
        try spool.stopDaemon()
        #expect(try spool.places() == ["done": 1])
        #expect(try spool.agentspool("verify").status == 0)
    }

    @Test func `a mark that a killed daemon had in hand is worked on after the next start`() async throws {
        let spool = try Self.spool("{directory: outbox}", "{completed: [hooks/slow]}")
        try spool.write("#!/bin/sh\necho x >> begun.txt\n[ -e go ] || exec sleep 60\n", to: "hooks/slow")
        try spool.drop("text", as: "a.txt")
        try await spool.startDaemon()
        try await spool.until("the hook has begun") { !spool.read("begun.txt").isEmpty }
        #expect(try types(spool).last == "delivered")
        spool.killDaemon()
        #expect(try marks(spool).count == 1)
        try spool.write("", to: "go")
        try spool.agentspool("run", "--drain", "--node", "test")
        #expect(try types(spool).last == "hook.completed")
        #expect(outbox(spool) == ["a.txt.json"])
        #expect(try marks(spool) == [])
    }
}
