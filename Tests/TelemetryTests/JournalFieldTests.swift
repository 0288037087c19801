import Documents
import Jobs
import Logging
import Testing

@testable import Telemetry

@Suite("Journal fields")
struct JournalFieldTests {
    @Test("Journal fields have the names that operators filter by")
    func names() {
        #expect(
            JournalField.allCases.map(\.name) == [
                "AGENTSPOOL_JOB", "AGENTSPOOL_QUEUE", "AGENTSPOOL_WORKFLOW", "AGENTSPOOL_STEP", "AGENTSPOOL_STATE",
                "AGENTSPOOL_ATTEMPT", "AGENTSPOOL_NODE", "AGENTSPOOL_DURATION_MS", "AGENTSPOOL_FAILURE", "MESSAGE_ID",
            ]
        )
    }

    @Test(
        "Fields of other keys have names that journald keeps",
        arguments: [
            ("lost", "AGENTSPOOL_LOST"), ("http.status-code", "AGENTSPOOL_HTTP_STATUS_CODE"),
            ("mcpServer2", "AGENTSPOOL_MCPSERVER2"), ("ä", "AGENTSPOOL___"), ("a=b\n", "AGENTSPOOL_A_B_"),
            (String(repeating: "x", count: 100), "AGENTSPOOL_" + String(repeating: "X", count: 53)),
        ]
    )
    func otherNames(key: String, name: String) {
        #expect(JournalField.name(ofKey: key) == name)
        #expect(name.utf8.count <= 64)
    }

    @Test("A record has message, priority, identifier, source place, logger and metadata")
    func record() {
        let entry = LogEntry(
            at: WallClock.standing.now,
            level: .warning,
            message: "two\nlines",
            fields: [LogEntry.Field("job", "01K"), LogEntry.Field("message_id", "\(MessageID.jobHeld)")],
            label: "agentspool.engine",
            file: "Engine/Worker.swift",
            line: 7,
            function: "run()"
        )
        let record = JournalRecord(entry, identifier: "agentspool")
        var start = 0
        let fields = record.ends.map { end in
            defer { start = end }
            return String(decoding: record.bytes[start..<end], as: UTF8.self)
        }
        #expect(
            fields == [
                "MESSAGE=two\nlines", "PRIORITY=4", "SYSLOG_IDENTIFIER=agentspool", "CODE_FILE=Engine/Worker.swift",
                "CODE_LINE=7", "CODE_FUNC=run()", "AGENTSPOOL_LOGGER=agentspool.engine", "AGENTSPOOL_JOB=01K",
                "MESSAGE_ID=7c54735e6f0a4c42a05f57059c065528",
            ]
        )
    }

    @Test("Each level has syslog's priority")
    func priorities() {
        #expect(Logger.Level.allCases.map(\.priority) == [7, 7, 6, 5, 4, 3, 2])
    }

    @Test("A long value is cut between two characters")
    func cut() {
        #expect("abc".cut(toBytes: 3) == "abc")
        #expect("abcdef".cut(toBytes: 5) == "ab…")
        #expect("ääää".cut(toBytes: 6) == "ä…")
        #expect("ääää".cut(toBytes: 7) == "ää…")
        let long = Logger.MetadataValue.string(String(repeating: "x", count: 10_000)).fieldText
        #expect(long.utf8.count == JournalField.maximumValueLength)
    }

    @Test("Fields are bounded and in a fixed order, and the call's value replaces the logger's")
    func metadata() {
        struct Problem: Error, CustomStringConvertible { var description: String { "disk full" } }
        let fields = LogEntry.fields(
            own: ["zeta": "1", "node": "a", "job": "old"],
            call: ["job": "new", "alpha": ["x": ["1", "\"2\""]], "": "no name"],
            error: Problem()
        )
        #expect(
            fields == [
                LogEntry.Field("job", "new"), LogEntry.Field("node", "a"), LogEntry.Field("failure", "disk full"),
                LogEntry.Field("alpha", #"{"x":["1","\"2\""]}"#), LogEntry.Field("zeta", "1"),
            ]
        )
        let many = Logger.Metadata(uniqueKeysWithValues: (0..<1_000).map { ("key\($0)", "v") })
        #expect(LogEntry.fields(own: many, call: nil, error: nil).count == JournalField.maximumFieldCount)
    }
}
