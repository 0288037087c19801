import Documents
import Foundation
import Jobs
import TestKit
import Testing

@testable import Tools

/// A temporary directory for one test, removed when the test ends.
final class ToolFixture: Sendable {
    let directory: String
    let clock = ManualClock()

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "agentspool-tools-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        directory = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var artifacts: String { "\(directory)/artifacts" }

    /// A tool that runs `script` in the shell, with the clock that the test turns.
    func tool(_ script: String, _ members: String = "", environment: [String: String]? = nil) throws -> CommandTool {
        try tool(command: ["sh", "-c", script], members, environment: environment)
    }

    func tool(
        command: [String],
        _ members: String = "",
        environment: [String: String]? = nil
    ) throws -> CommandTool {
        let command = JSON.array(command.map(JSON.string)).text
        let text = #"{"command": \#(command)\#(members.isEmpty ? "" : ", " + members)}"#
        let reader = try MemberReader(Document(Array(text.utf8), format: .json))
        return CommandTool(
            try CommandToolSettings(reader, name: "probe"),
            directory: directory,
            environment: environment ?? ["PATH": "/usr/local/bin:/usr/bin:/bin"],
            clock: clock
        )
    }

    func call(_ tool: CommandTool, _ arguments: JSON = [:]) async throws -> JSON {
        try await tool.call(
            ToolInvocation(
                arguments: arguments,
                job: "01J",
                step: "handle/2/tool/0",
                attempt: 3,
                idempotencyKey: "01J/handle/2/tool/0",
                artifacts: artifacts
            )
        )
    }

    /// The failure of a call that must fail.
    func failure(_ tool: CommandTool, _ arguments: JSON = [:]) async throws -> Failure {
        do {
            let output = try await call(tool, arguments)
            Issue.record("the call gave \(output.text)")
            return Failure(.permanent, "none")
        } catch let failure as Failure {
            return failure
        }
    }

    /// Waits for the file `name`, and returns the process id in it.
    func process(_ name: String) async throws -> pid_t {
        try await until("\(name) is written") { self.text(name)?.hasSuffix("\n") == true }
        return try #require(pid_t(text(name)?.dropLast() ?? ""))
    }

    func write(_ name: String, _ text: String, permissions: Int = 0o644) {
        let isMade = FileManager.default.createFile(
            atPath: "\(directory)/\(name)",
            contents: Data(text.utf8),
            attributes: [.posixPermissions: permissions]
        )
        if !isMade { Issue.record("\(name) cannot be written") }
    }

    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) }

    /// Polls for an event that nothing reports; gives up after a minute.
    func until(_ event: String, _ hasHappened: @Sendable () -> Bool) async throws {
        for _ in 0..<12_000 {
            if hasHappened() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("never happened: \(event)")
        throw CancellationError()
    }

    /// Waits until a process has ended; an unreaped zombie counts as ended.
    func untilEnded(_ process: pid_t) async throws {
        try await until("process \(process) ends") { !Self.isRunning(process) }
    }

    static func isRunning(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0, let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        else { return false }
        return status.split(separator: ")").last?.hasPrefix(" Z") != true
    }
}
