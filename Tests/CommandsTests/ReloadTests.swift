import Documents
import Foundation
import Jobs
import Spool
import Testing

/// A spool whose tool `wait` ends when the file `go` is there, and prints its configured argument.
struct ReloadFixture {
    let spool: TestSpool

    static func configuration(
        _ queues: String,
        tool: String = "command: [tools/wait, one]",
        more: String = ""
    ) -> String {
        """
        models: {default: {provider: scripted, script: scripted-model.yaml}}
        tools: {wait: {\(tool), effect: read}}
        workflows:
          wait: {steps: [{id: wait, tool: wait, arguments: {}}]}
        queues:
        \(queues.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        \(more)
        """
    }

    static let wait = "#!/bin/sh\necho x >> started\nuntil [ -e go ]; do sleep 0.02; done\necho \"\\\"$1\\\"\"\n"

    init(_ queues: String, more: String = "") throws {
        spool = try TestSpool(
            configuration: Self.configuration(queues, more: more),
            files: ["tools/wait": Self.wait]
        )
    }

    /// Writes the configuration as the documentation asks: to another name, then renamed.
    func configure(_ text: String) throws {
        try spool.write(text, to: "agentspool.yaml.new")
        guard rename("\(spool.path)/agentspool.yaml.new", "\(spool.path)/agentspool.yaml") == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
    }

    func reload(_ arguments: String...) throws -> Program.Result {
        try Program.run(arguments: ["reload", "--spool", spool.path] + arguments)
    }

    /// The lines of the log that are about the configuration.
    var logLines: [String] {
        spool.read("daemon.log").split(separator: "\n").map(String.init).filter { $0.contains("configuration ") }
    }

    func hangUp() { kill(spool.daemonPID, SIGHUP) }

    func untilLogged(_ text: String) async throws {
        try await spool.until("the log has \(text)") { spool.read("daemon.log").contains(text) }
    }

    func untilStarted(_ count: Int) async throws {
        try await spool.until("\(count) tools run") { spool.read("started").count >= 2 * count }
    }

    var outputs: [String: JSON] {
        get throws {
            try spool.jobs().reduce(into: [:]) { outputs, job in
                let result = try? JSONParser.parse(spool.read("\(job.location.path)/result.json"))
                outputs[job.location.job.drop] = result?["output"]
            }
        }
    }
}

@Suite("Reading the configuration again")
struct ReloadTests {
    @Test("On SIGHUP the daemon takes the new configuration, logs one line and goes on")
    func signal() async throws {
        let bench = try ReloadFixture("default: {workflow: wait}")
        try await bench.spool.startDaemon()
        try bench.configure(ReloadFixture.configuration("\(Self.queues)\nnight: {workflow: wait, priority: 3}"))
        bench.hangUp()
        try await bench.untilLogged("configuration read again")
        #expect(bench.logLines.count == 1)
        #expect(bench.logLines.first?.contains("configuration read again: queue night: added") == true)
        try bench.spool.write("", to: "go")
        try bench.spool.drop("{}", as: "a.json", queue: "night")
        try await bench.spool.untilSettled(1)
        #expect(try bench.spool.places() == ["done": 1])
        #expect(try bench.spool.stopDaemon() == 0)
    }

    @Test("The reload command waits, and prints what changed as a table and as JSON")
    func command() async throws {
        let bench = try ReloadFixture("default: {workflow: wait}\nold: {workflow: prompt}")
        try await bench.spool.startDaemon()
        let same = try bench.reload()
        #expect(same.status == 0, "\(same.error)")
        #expect(same.output.hasSuffix("agentspool.yaml already: nothing changed.\n"))
        try bench.configure(
            ReloadFixture.configuration(
                "default: {workflow: wait, concurrency: 8}\nnew: {workflow: wait}",
                tool: "command: [tools/wait, two]",
                more: "workers: {concurrency: 3}"
            )
        )
        let changed = try bench.reload("--node", "test")
        #expect(changed.status == 0, "\(changed.error)")
        let rows = changed.lines.dropFirst().map { $0.split(separator: " ", omittingEmptySubsequences: true) }
        #expect(
            rows.map { $0.joined(separator: " ") } == [
                "CHANGED NAME WHAT", "queue new added",
                "queue old removed: takes no more drops; its accepted jobs go on to their end",
                "queue default concurrency default → 8", "tool wait command", "workers concurrency default → 3",
            ]
        )
        let json = try JSONParser.parse(try #require(try bench.reload("--json").lines.first))
        #expect(json["ok"] == true && json["changed"] == false && json["node"] == "test")
        #expect(json["queues"] == ["added": [], "removed": [], "changed": []])
    }

    /// One way in which a configuration is wrong.
    struct Wrong: CustomTestStringConvertible, Sendable {
        var what: String
        var configuration: String
        /// Behind the path of the configuration.
        var message: String

        init(_ what: String, _ configuration: String, _ message: String) {
            (self.what, self.configuration, self.message) = (what, configuration, message)
        }

        var testDescription: String { what }
    }

    static let queues = "default: {workflow: wait}"

    @Test(
        "A wrong configuration is refused as a whole, with the reason in one log line and on standard error",
        arguments: [
            Wrong("no YAML", "queues: [", "not valid YAML"),
            Wrong("empty", "", ": models: the built-in workflow prompt needs a model named default"),
            Wrong(
                "an unknown workflow, and a queue that is good",
                ReloadFixture.configuration("new: {workflow: wait}\ndefault: {workflow: wiat}"),
                ":7: queues.default.workflow: there is no workflow \"wiat\""
            ),
            Wrong(
                "a model's key that is not there",
                "models: {default: {provider: openai, base_url: 'http://127.0.0.1:9/v1', model: m, "
                    + "api_key: {file: keys/none}}}",
                ":1: models.default.api_key: the key {file: keys/none} cannot be used: "
            ),
            Wrong(
                "a script that is not there",
                "models: {default: {provider: scripted, script: none.yaml}}",
                "none.yaml: the script cannot be read: No such file or directory"
            ),
            Wrong(
                "a file of authorities that is none",
                "models: {default: {provider: openai, base_url: 'https://127.0.0.1:9/v1', model: m, "
                    + "ca_file: scripted-model.yaml}}",
                ":1: models.default.ca_file: "
            ),
            Wrong(
                "another place of the index",
                ReloadFixture.configuration(queues, more: "index: other.sqlite"),
                ":7: index: cannot change while the daemon runs"
            ),
            Wrong(
                "another durability",
                ReloadFixture.configuration(queues, more: "durability: off"),
                ":7: durability: cannot change while the daemon runs"
            ),
        ]
    )
    func refused(row: Wrong) async throws {
        let bench = try ReloadFixture("default: {workflow: wait, concurrency: 1}")
        try await bench.spool.startDaemon()
        try bench.configure(row.configuration)
        let reload = try bench.reload()
        #expect(reload.status == 78)
        #expect(reload.output == "")
        #expect(reload.error.hasPrefix("agentspool: test keeps the configuration that it has: "))
        #expect(reload.error.contains(row.message), "\(reload.error)")
        #expect(bench.logLines.count == 1)
        #expect(bench.logLines.first?.contains(row.message) == true, "\(bench.logLines)")
        #expect(!FileManager.default.fileExists(atPath: "\(bench.spool.path)/inbox/new"))
        let status = try bench.spool.agentspool("status").output
        #expect(status.contains("Note: the node test keeps an earlier configuration"))
        // The earlier configuration is in force.
        try bench.spool.write("", to: "go")
        try bench.spool.drop("{}", as: "a.json")
        try await bench.spool.untilSettled(1)
        #expect(try bench.outputs == ["a.json": "one"])
        let json = try JSONParser.parse(try #require(try bench.reload("--json").lines.first))
        #expect(json["ok"] == false && json["exit_status"] == 78)
    }

    @Test("After a reload a running and a waiting job keep the tools that they were accepted with")
    func accepted() async throws {
        let bench = try ReloadFixture("default: {workflow: wait, concurrency: 1}")
        try await bench.spool.startDaemon()
        try bench.spool.drop("{}", as: "a.json")
        try await bench.untilStarted(1)
        try bench.spool.drop("{}", as: "b.json")
        try await bench.spool.until("b is accepted") { try bench.spool.jobs().count == 2 }
        try bench.configure(ReloadFixture.configuration(Self.queues, tool: "command: [tools/wait, two]"))
        #expect(try bench.reload().status == 0)
        // The queue's settings count at once: a second job of it runs now.
        try await bench.untilStarted(2)
        try bench.spool.drop("{}", as: "c.json")
        try await bench.untilStarted(3)
        try bench.spool.write("", to: "go")
        try await bench.spool.untilSettled(3)
        #expect(try bench.outputs == ["a.json": "one", "b.json": "one", "c.json": "two"])
    }

    @Test("A removed queue takes no more drops, its jobs go on to their end, and status says so")
    func removedQueue() async throws {
        let bench = try ReloadFixture("default: {workflow: wait}\nold: {workflow: wait, concurrency: 1}")
        try await bench.spool.startDaemon()
        for name in ["a", "b", "c"] { try bench.spool.drop("{}", as: "\(name).json", queue: "old") }
        try await bench.spool.until("all are accepted") { try bench.spool.jobs().count == 3 }
        try await bench.untilStarted(1)
        try bench.configure(ReloadFixture.configuration(Self.queues))
        #expect(try bench.reload().status == 0)
        try bench.spool.drop("{}", as: "late.json", queue: "old")
        let status = try bench.spool.agentspool("status").output
        #expect(
            status.contains(
                "the queue old is not configured: it takes no drops, and 3 jobs that were accepted go on to the end"
            ),
            "\(status)"
        )
        #expect(status.contains("inbox/old: 1 file, and no queue of that name"))
        let json = try JSONParser.parse(bench.spool.agentspool("status", "--json").output)
        let configured = json["queues"]?.array?.reduce(into: [String: JSON]()) { rows, row in
            rows[row["queue"]?.string ?? ""] = row["configured"]
        }
        #expect(configured == ["default": true, "old": false])
        try bench.spool.write("", to: "go")
        try await bench.spool.untilSettled(3)
        #expect(try bench.outputs == ["a.json": "one", "b.json": "one", "c.json": "one"])
        #expect(FileManager.default.fileExists(atPath: "\(bench.spool.path)/inbox/old/late.json"))
        // When the queue comes back, its waiting drop is taken.
        try bench.configure(ReloadFixture.configuration("\(Self.queues)\nold: {workflow: wait}"))
        #expect(try bench.reload().status == 0)
        try await bench.spool.untilSettled(4)
        #expect(try bench.spool.agentspool("verify").status == 0)
    }

    @Test("Thirty reloads under load lose no job, and each job runs as it was accepted")
    func load() async throws {
        let bench = try ReloadFixture("default: {workflow: wait, concurrency: 4}")
        try bench.spool.write("", to: "go")
        try await bench.spool.startDaemon()
        for round in 0..<30 {
            for number in 0..<5 { try bench.spool.drop("{}", as: "\(round)-\(number).json") }
            let words = round.isMultiple(of: 2) ? "two" : "one"
            try bench.configure(
                ReloadFixture.configuration(
                    "default: {workflow: wait, concurrency: \(1 + round % 8)}\nq\(round % 3): {workflow: wait}",
                    tool: "command: [tools/wait, \(words)]"
                )
            )
            if round.isMultiple(of: 3) { bench.hangUp() } else { #expect(try bench.reload().status == 0) }
        }
        try await bench.spool.untilSettled(150)
        #expect(try bench.spool.places() == ["done": 150])
        for job in try bench.spool.jobs() {
            guard case .accepted(let acceptance) = job.history.records.first?.event else { continue }
            let command = acceptance.definition["tools"]?["wait"]?["command"]?.array?.last
            let result = try JSONParser.parse(bench.spool.read("\(job.location.path)/result.json"))
            #expect(result["output"] == command)
        }
        #expect(try bench.spool.stopDaemon() == 0)
        #expect(try bench.spool.agentspool("verify").status == 0)
    }

    @Test("A reload without a daemon says so, and leaves no request behind")
    func noDaemon() throws {
        let bench = try ReloadFixture(Self.queues)
        let reload = try bench.reload()
        #expect(reload.status == 69)
        #expect(reload.error.contains("no daemon is running on \(bench.spool.path)"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.spool.path)/control") == [])
    }

    @Test("Concurrent reloads are all answered, and leave no request")
    func twoAtOnce() async throws {
        let bench = try ReloadFixture(Self.queues)
        try await bench.spool.startDaemon()
        try bench.configure(ReloadFixture.configuration("\(Self.queues)\nnew: {workflow: wait}"))
        let results = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<4 {
                group.addTask { [path = bench.spool.path] in
                    try Program.run(arguments: ["reload", "--spool", path]).status
                }
            }
            bench.hangUp()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == [0, 0, 0, 0])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(bench.spool.path)/control") == [])
        #expect(try bench.spool.stopDaemon() == 0)
    }
}
