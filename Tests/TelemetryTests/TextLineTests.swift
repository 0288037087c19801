import Documents
import Jobs
import Logging
import Testing

@testable import Telemetry

@Suite("A line of text")
struct TextLineTests {
    private func line(
        _ message: String,
        _ fields: [(String, String)] = [],
        level: Logger.Level = .notice
    ) -> String {
        let entry = LogEntry(
            at: WallClock.standing.now,
            level: level,
            message: message,
            fields: fields.map { LogEntry.Field($0, $1) },
            label: "test"
        )
        return String(decoding: TextLine.bytes(entry), as: UTF8.self)
    }

    @Test("A line has the time, the level, the message and the fields")
    func snapshot() {
        #expect(
            line("step completed", [("job", "01KABC"), ("step", "handle/2/model"), ("duration_ms", "12")])
                == "2026-11-23T07:00:00.123Z notice   step completed  job=01KABC step=handle/2/model duration_ms=12"
        )
    }

    @Test("Messages align at every level", arguments: Logger.Level.allCases)
    func alignment(level: Logger.Level) {
        let text = line("message", level: level)
        #expect(text.hasPrefix("2026-11-23T07:00:00.123Z \(level.rawValue) "))
        #expect(text.hasSuffix(" message"))
        #expect(text.utf8.count == 24 + 1 + 8 + 1 + 7)
    }

    @Test(
        "A value that is not one plain word is quoted",
        arguments: [
            ("plain-1.5", "plain-1.5"), ("Grüße", "Grüße"), ("", #""""#), ("two words", #""two words""#),
            (#"say "hi""#, #""say \"hi\"""#), (#"a\b"#, #""a\\b""#), ("k=v", #""k=v""#),
            ("a\nb", #""a\nb""#), ("a\r\n", #""a\r\n""#), ("a\tb", #""a\tb""#), ("\u{1B}[2J", #""\u001b[2J""#),
            ("\u{85}", #""\u0085""#), ("\u{2028}", #""\u2028""#), ("\u{202E}txt", #""\u202etxt""#),
            ("\0", #""\u0000""#),
        ]
    )
    func quoting(value: String, expected: String) {
        #expect(line("m", [("failure", value)]).hasSuffix("  failure=\(expected)"))
    }

    @Test("A message stays one line, whatever it holds")
    func messageIsOneLine() {
        #expect(line("first\nsecond \u{1B}[31mred").hasSuffix(#" first\nsecond \u001b[31mred"#))
    }

    @Test("A key is escaped, too")
    func keys() {
        #expect(line("m", [("a b\n", "1")]).hasSuffix(#"  "a b\n"=1"#))
    }

    @Test("The message id is left to the journal")
    func messageID() {
        #expect(line("m", [("job", "1"), ("message_id", MessageID.jobFailed.rawValue)]).hasSuffix("m  job=1"))
    }
}
