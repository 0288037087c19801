import Documents
import Foundation
import Testing

/// Users who may write into an inbox and read nothing else of the spool; the kernel must let the tests take their place.
@Suite("The command line over the socket", .enabled(if: geteuid() == 0))
struct SocketCommandTests {
    /// A user of no name on this machine; a member of ``group`` like alice.
    private enum User: Int {
        case alice = 61_001
        case bob = 61_002
        case mallory = 61_003

        /// Bob is an operator by the configuration; the group of the inbox lets him and alice in.
        var group: Int { self == .mallory ? 61_003 : SocketCommandTests.group }
    }

    private static let group = 61_000

    private static let configuration = """
        tools: {hello: {command: [tools/hello], effect: read}}
        workflows:
          quick: {steps: [{id: s, tool: hello, arguments: {}}]}
          asks: {steps: [{id: ok, approval: {message: "go on?"}}]}
        queues:
          default: {workflow: quick}
          asking: {workflow: asks}
        api: {operators: {users: ["61002"]}}
        """

    private func spool() throws -> TestSpool {
        let spool = try TestSpool(
            configuration: Self.configuration,
            files: ["tools/hello": "#!/bin/sh\necho '{\"hello\": true}'\n"]
        )
        try FileManager.default.createDirectory(atPath: "\(spool.path)/inbox/asking", withIntermediateDirectories: true)
        for name in ["tmp", "inbox/default", "inbox/asking"] {
            try #require(chown("\(spool.path)/\(name)", 0, gid_t(Self.group)) == 0)
            try #require(chmod("\(spool.path)/\(name)", 0o1770) == 0)
        }
        for path in [spool.directory.path, spool.path, "\(spool.path)/inbox"] { try #require(chmod(path, 0o755) == 0) }
        // The configuration holds no secret here, but may: the commands must do without it.
        try #require(chmod("\(spool.path)/agentspool.yaml", 0o600) == 0)
        return spool
    }

    private func run(_ spool: TestSpool, as user: User, _ arguments: String..., input: String = "") throws
        -> Program.Result
    {
        let command = ["-c", "umask 077; exec \"$0\" \"$@\"", Program.path] + arguments
        return try Program.run(
            "/usr/bin/setpriv",
            arguments: [
                "--reuid", "\(user.rawValue)", "--regid", "\(user.group)", "--clear-groups", "/bin/sh",
            ] + command,
            input: input,
            environment: ["AGENTSPOOL_SPOOL": spool.path]
        )
    }

    @Test("A submitter with a strict umask submits, waits, sees and follows its own job, and no other user's")
    func ownJobs() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        let roots = try spool.agentspool("submit", "--wait", "--input", "text=a")
        try #require(roots.status == 0, "\(roots.error)")

        let waited = try run(spool, as: .alice, "submit", "--wait", "--input", "text=b")
        #expect(waited.status == 0, "\(waited.error)")
        #expect(waited.output == roots.output)
        let id = try #require(waited.error.firstMatch(of: /job (\w{26})/)).output.1

        let list = try run(spool, as: .alice, "list", "--json")
        #expect(list.lines.count == 1, "\(list.output)\(list.error)")
        // The same row by the files, as root, and over the socket.
        #expect(try spool.agentspool("list", "--json").lines.contains(list.lines.first ?? ""))
        for command in ["result", "show", "history"] {
            let hers = try run(spool, as: .alice, command, String(id), "--json")
            let files = try spool.agentspool(command, String(id), "--json")
            #expect(hers.status == 0 && hers.output == files.output, "\(command): \(hers.error)")
        }
        let followed = try run(spool, as: .alice, "follow", String(id), "--json")
        #expect(followed.status == 0, "\(followed.error)")
        #expect(followed.output == (try spool.agentspool("history", String(id), "--json").output))
        #expect(try spool.agentspool("follow", String(id), "--json").output == followed.output)

        let status = try JSONParser.parse(try run(spool, as: .alice, "status", "--json").output)
        let counts = status["queues"]?.array?.first { $0["queue"] == "default" }
        #expect(counts?["done"]?["count"] == 1, "\(status)")
        #expect(try run(spool, as: .alice, "status").output.contains("default"))
        let all = try JSONParser.parse(try run(spool, as: .bob, "status", "--json").output)
        #expect(all["queues"]?.array?.first { $0["queue"] == "default" }?["done"]?["count"] == 2)

        for command in ["result", "show", "history", "follow", "cancel"] {
            #expect(try run(spool, as: .mallory, command, String(id)).status == 66, "\(command)")
        }
        #expect(try run(spool, as: .mallory, "list", "--json").lines.isEmpty)
        #expect(try run(spool, as: .mallory, "submit", "--input", "text=c").status == 77)
    }

    @Test("A submitter cancels its own held job and may not approve it; an operator approves")
    func answers() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        let held = try run(spool, as: .alice, "submit", "--wait", "--queue", "asking", "--input", "text=a")
        #expect(held.status == 75, "\(held.error)")
        let id = String(try #require(held.error.firstMatch(of: /job (\w{26})/)).output.1)
        #expect(try run(spool, as: .alice, "approve", id).status == 77)
        #expect(try run(spool, as: .mallory, "approve", id).status == 66)
        let approved = try run(spool, as: .bob, "approve", id)
        #expect(approved.status == 0, "\(approved.error)")
        #expect(try run(spool, as: .alice, "follow", id).status == 0)

        let second = try run(spool, as: .alice, "submit", "--wait", "--queue", "asking", "--input", "text=b")
        let other = String(try #require(second.error.firstMatch(of: /job (\w{26})/)).output.1)
        let cancelled = try run(spool, as: .alice, "cancel", other)
        #expect(cancelled.status == 0 && cancelled.output == "\(other) cancelled\n", "\(cancelled.error)")
        #expect(try run(spool, as: .alice, "follow", other).status == 1)
    }

    @Test("Without a daemon the files still answer root, and others are told where none answers")
    func noDaemon() throws {
        let spool = try spool()
        #expect(try spool.agentspool("list").status != 69)
        let answer = try run(spool, as: .alice, "list")
        #expect(answer.status == 69)
        #expect(answer.error.contains("no daemon answers at \(spool.path)/run/api.sock"), "\(answer.error)")
    }
}
