import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// The example with mcp-server-time, which scripts/mcp-peers.sh installs.
enum MCPExample {
    private static let peers = "\(Program.checkout)/.test-peers"

    static let isPossible = FileManager.default.fileExists(atPath: "\(peers)/ready")

    /// A spool as the example's README makes it, with a server in `bin/` that writes down its process id.
    static func spool(model: String? = nil) throws -> TestSpool {
        let spool = try Example.spool("mcp", model: model)
        try spool.write(
            "#!/bin/sh\necho $$ >> server.pid\nexec \(peers)/modern/bin/mcp-server-time\n",
            to: "bin/mcp-server-time"
        )
        return spool
    }

    /// Runs the daemon until nothing is left.
    static func run(_ spool: TestSpool) throws -> Program.Result {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try Program.run(
            arguments: ["run", "--spool", spool.path, "--drain"],
            environment: ["PATH": "\(spool.path)/bin:\(path)"]
        )
    }
}

@Suite("The example with an MCP server", .enabled(if: MCPExample.isPossible, "no server: run scripts/mcp-peers.sh"))
struct MCPExampleTests {
    @Test("The MCP example runs to its end as its README says, and leaves no server running")
    func drain() throws {
        let spool = try MCPExample.spool()
        let checked = try spool.agentspool("check", "--json")
        let servers = try JSONParser.parse(checked.output)["mcp_servers"]
        let tools: JSON = ["convert_time", "get_current_time"]
        #expect(servers == [["server": "time", "command": ["mcp-server-time"], "tools": tools]])
        #expect(try spool.agentspool("check").output.contains("mcp-server-time  convert_time, get_current_time"))

        try spool.drop(try Example.file("mcp/drops/time.txt"), as: "time.txt")
        try spool.drop(try Example.file("mcp/drops/time.txt"), as: "again.txt")
        let run = try MCPExample.run(spool)
        #expect(run.status == 0, "\(run.error)")
        let result = try JSONParser.parse(try spool.agentspool("result", "time.txt", "--json").output)
        #expect(result["output"]?["answer"] == "I have looked at the clock of UTC.", "\(result.text)")
        #expect(result["output"]?["tokyo"]?.string?.hasSuffix("T21:00:00+09:00") == true)
        for (_, history, replay) in try spool.jobs() {
            #expect(replay.steps["ask/1/tool/0"]?.tool == "time.get_current_time")
            #expect(history.records.first.map { "\($0)" }?.contains("mcp-server-time") == true)
        }
        let processes = spool.read("server.pid").split(separator: "\n").compactMap { pid_t($0) }
        #expect(processes.count == 1)
        for process in processes { #expect(kill(process, 0) == -1) }
    }
}
