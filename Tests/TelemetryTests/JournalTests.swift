import Documents
import Jobs
import Testing

@testable import Telemetry

/// Beside a real systemd-journald; skipped where scripts/with-journald.sh may not start one.
@Suite("The real journal")
struct JournalTests {
    /// Runs a shell script beside a journal, with `$PROBE` as the journal-probe.
    private func withJournal(_ script: String) async throws -> Command {
        let command = try await Command.run(
            "\(Place.project)/scripts/with-journald.sh",
            ["/bin/bash", "-euc", script],
            environment: ["PROBE": "\(Place.programs)/journal-probe"]
        )
        if command.status == 77 { try Test.cancel("\(command.errors)") }
        return command
    }

    private func entries(_ lines: some StringProtocol) throws -> [JSON] {
        try lines.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test("The journal finds the entries of a job, with every field")
    func fields() async throws {
        let command = try await withJournal(
            """
            "$PROBE" entries 01KFIELDS
            journalctl --sync
            journalctl --output=json --all AGENTSPOOL_JOB=01KFIELDS
            """
        )
        #expect(command.status == 0)
        #expect(command.errors == "")
        let entries = try entries(command.output)
        try #require(entries.count == 3)
        #expect(entries.map(\.["MESSAGE"]) == ["job accepted", "step failed", "job failed"])
        #expect(entries.map(\.["PRIORITY"]) == ["5", "4", "3"])
        #expect(
            entries.map(\.["MESSAGE_ID"]) == [
                .string(MessageID.jobAccepted.rawValue), nil, .string(MessageID.jobFailed.rawValue),
            ]
        )
        for entry in entries {
            #expect(entry["SYSLOG_IDENTIFIER"] == "agentspool")
            #expect(entry["AGENTSPOOL_LOGGER"] == "agentspool.probe")
            #expect(entry["CODE_FILE"] == "journal_probe/JournalProbe.swift")
            #expect(entry["CODE_FUNC"] == "logEntries(_:)")
            #expect(entry["CODE_LINE"]?.string.flatMap { Int($0) } ?? 0 > 0)
        }
        #expect(entries[0]["AGENTSPOOL_QUEUE"] == "tickets")
        let expected: [(String, JSON)] = [
            ("AGENTSPOOL_JOB", "01KFIELDS"), ("AGENTSPOOL_WORKFLOW", "triage"), ("AGENTSPOOL_STEP", "handle/2/model"),
            ("AGENTSPOOL_STATE", "running"), ("AGENTSPOOL_ATTEMPT", "2"), ("AGENTSPOOL_NODE", "a"),
            ("AGENTSPOOL_DURATION_MS", "1250"), ("AGENTSPOOL_FAILURE", "temporary: HTTP 503\nRetry-After: 5"),
            ("AGENTSPOOL_HTTP_STATUS", "503"),
        ]
        for (name, value) in expected { #expect(entries[1][name] == value, "\(name)") }
    }

    @Test("A stopped journal blocks no caller, and every entry is in it or counted as lost")
    func stopped() async throws {
        let command = try await withJournal(
            """
            "$PROBE" flood 01KFLOOD 20000
            journalctl --sync
            journalctl --output=cat AGENTSPOOL_JOB=01KFLOOD | wc --lines
            journalctl --output=json --identifier=agentspool AGENTSPOOL_LOGGER=agentspool.log
            """
        )
        #expect(command.status == 0)
        let lines = command.output.split(separator: "\n")
        try #require(lines.count >= 4)
        let lost = try #require(lines[0].split(separator: " ").last.flatMap { Int($0) })
        #expect(lines[0] == "stopped: flushed false, lost \(lost)")
        #expect(lines[1] == "continued: flushed true, lost \(lost)")
        #expect(lost >= 20_000 - LogPipeline.defaultCapacity - 1_000)
        #expect(Int(lines[2]) == 20_000 - lost)
        let told = try entries(lines[3...].joined(separator: "\n")).compactMap {
            $0["AGENTSPOOL_LOST"]?.string.flatMap { Int($0) }
        }
        #expect(told.reduce(0, +) == lost)
    }

    @Test("Entries become lines on stderr when the journal's socket is missing")
    func noSocket() async throws {
        let command = try await withJournal(
            """
            rm /run/systemd/journal/socket
            "$PROBE" entries 01KTEXT
            """
        )
        #expect(command.status == 0)
        #expect(
            command.errors == """
                2026-11-23T07:00:00.123Z notice   job accepted  job=01KTEXT queue=tickets
                2026-11-23T07:00:00.123Z warning  step failed  job=01KTEXT workflow=triage step=handle/2/model \
                state=running attempt=2 node=a duration_ms=1250 failure="temporary: HTTP 503\\nRetry-After: 5" \
                http-status=503
                2026-11-23T07:00:00.123Z error    job failed  job=01KTEXT

                """
        )
    }

    @Test("The script that starts a journal returns the exit status of its command")
    func exitStatus() async throws {
        #expect(try await withJournal("exit 3").status == 3)
    }
}
