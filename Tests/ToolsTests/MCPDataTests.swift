import Jobs
import OrderedCollections
import Testing

@testable import Tools

@Suite("Data that an MCP server sends")
struct MCPDataTests {
    @Test(
        "is what its Base64 says",
        arguments: [
            ("aGVsbG8=", Array("hello".utf8)), ("aGVsbG8", Array("hello".utf8)), ("", []),
            ("AAAA\nAAAA", [0, 0, 0, 0, 0, 0]),
            ("-_8=", [251, 255]), ("+/8=", [251, 255]), ("a b", nil), ("ä", nil),
        ] as [(String, [UInt8]?)]
    )
    func bytes(text: String, expected: [UInt8]?) { #expect(MCPData(base64: text, mimeType: nil).bytes == expected) }

    @Test("is kept in a file, and its place told")
    func kept() throws {
        let result = MCPToolResult(json: ["content": [["type": "image", "data": "aGVsbG8=", "mimeType": "image/png"]]])
        let failure = MCPFailure(tool: "t", server: "s", effect: .read)
        let output = try result.output(failure) { data in "artifacts/a.\(data.fileEnding)" }
        #expect(
            output == [
                ["type": "image", "mimeType": "image/png", "left_out": "image/png, 5 bytes", "file": "artifacts/a.png"]
            ]
        )
        let lost = try result.output(failure) { _ throws(Failure) in throw Failure(.temporary, "no space") }
        #expect(lost.array?.first?["not_kept"] == "no space")
    }
}
