import Documents
import Jobs
import SystemPackage
import Testing

@testable import Tools

struct CommandFailureTests {
    private func failure() throws -> CommandFailureBuilder {
        let reader = try MemberReader(Document(Array(#"{"command": ["x"]}"#.utf8), format: .json))
        return CommandFailureBuilder(try CommandToolSettings(reader, name: "probe"))
    }

    @Test(
        "A start that fails for want of resources is a temporary failure",
        arguments: [Errno.resourceTemporarilyUnavailable, .noMemory, .tooManyOpenFiles, .tooManyOpenFilesInSystem]
    )
    func resources(_ error: Errno) throws {
        #expect(try failure().start("/bin/x", error).class == .temporary)
    }

    @Test func aStartThatFailsForGoodIsPermanentAlthoughTheToolWrites() throws {
        #expect(try failure().start("/bin/x", Errno.execFormatError).class == .permanent)
        #expect(try failure().start("/bin/x", nil).class == .permanent)
    }

    @Test(
        "The last line that is not blank is quoted, without control characters",
        arguments: [
            ("one\ntwo\n", "two"), ("one\n\n  \n", "one"), ("progress 1%\rfailed\r\n", "failed"),
            ("\u{1B}[31mred\u{1B}[0m\tx", "[31mred [0m x"), ("é", "é"), ("", nil), ("\n", nil),
        ]
    )
    func lastLine(_ text: String, _ expected: String?) {
        #expect(CommandFailureBuilder.lastLine(Array(text.utf8)) == expected)
    }

    @Test func aTailThatBeginsInsideACharacterIsQuotedFromTheNextOne() {
        #expect(CommandFailureBuilder.lastLine(Array("éa".utf8.dropFirst())) == "a")
        #expect(CommandFailureBuilder.lastLine([0x61, 0xFF]) == "a\u{FFFD}")
    }
}
